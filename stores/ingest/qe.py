"""Quantum ESPRESSO runs: every XML output of pw.x below a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import qeschema
from pymatgen.core import Lattice, Structure
from xmlschema import XMLSchemaException

from dao_core.crystal.reading import PARSER_ERRORS
from dao_core.hashing import text_hash
from dao_core.units import BOHR_ANGSTROM, HARTREE_EV
from stores.ingest.entry import Entry
from stores.ingest.runs import RunFolder


class QeRuns(RunFolder):
    """The last configuration of every finished, converged pw.x run.

    Unless it is given, the level names the functional and a hash of the pseudopotentials' folder
    and the cutoffs.
    """

    name = "qe"
    pattern = "*.xml"

    def read(self, file: Path, identity: str) -> Entry:
        """The entry of one run."""
        return _entry(file, identity, self.level)


def _entry(file: Path, identity: str, level: str | None) -> Entry:
    try:
        content = qeschema.PwDocument(source=str(file)).to_dict()["qes:espresso"]
        output = content["output"]
        if not output["convergence_info"]["scf_conv"]["convergence_achieved"]:
            return Entry(identity, reason="not_converged", cursor=identity)
        relaxation = output["convergence_info"].get("opt_conv")
        if relaxation is not None and not relaxation["convergence_achieved"]:
            return Entry(identity, reason="relaxation_not_converged", cursor=identity)
        structure = _structure(output["atomic_structure"])
        facts = _facts(output, len(structure))
    except (OSError, XMLSchemaException, qeschema.XmlDocumentError, *PARSER_ERRORS) as error:
        # A truncated XML file is how an interrupted run looks.
        reason = f"unreadable_run: {type(error).__name__}: {error}"
        return Entry(identity, reason=reason, cursor=identity)
    return Entry(identity, structure, level or _level(output), facts, cursor=identity)


def _structure(atomic: Mapping[str, Any]) -> Structure:
    cell = np.array([atomic["cell"][name] for name in ("a1", "a2", "a3")]) * BOHR_ANGSTROM
    atoms = atomic["atomic_positions"]["atom"]
    species = ["".join(filter(str.isalpha, atom["@name"])) for atom in atoms]
    positions = np.array([atom["$"] for atom in atoms]) * BOHR_ANGSTROM
    return Structure(Lattice(cell), species, positions, coords_are_cartesian=True)


def _facts(output: Mapping[str, Any], natoms: int) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "energy_per_atom": output["total_energy"]["etot"] * HARTREE_EV / natoms,
    }
    if "forces" in output:
        forces = np.array(output["forces"]["$"]).reshape(natoms, 3) * HARTREE_EV / BOHR_ANGSTROM
        facts["forces"] = forces.tolist()
    if "stress" in output:
        # pw.x counts the stress of a compressed crystal as positive.
        stress = -np.array(output["stress"]["$"]).reshape(3, 3) * HARTREE_EV / BOHR_ANGSTROM**3
        facts["stress"] = stress.tolist()
    return facts


def _level(output: Mapping[str, Any]) -> str:
    species = output["atomic_species"]["species"]
    species = species if isinstance(species, list) else [species]
    basis = output["basis_set"]
    parts = [str(output["atomic_species"].get("@pseudo_dir", "")), str(basis["ecutwfc"])]
    digest = text_hash("|".join([*parts, str(basis["ecutrho"])]), 8)
    return f"qe-{output['dft']['functional'].lower()}-{digest}"
