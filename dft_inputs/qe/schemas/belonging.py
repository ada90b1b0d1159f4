"""Whether the outputs of pw.x answer the input that lies beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

import numpy as np
from pymatgen.core import Structure

from dft_inputs.errors import ForeignOutputError
from dft_inputs.qe.pw_input import PwInput, element_of_label
from dft_inputs.qe.schemas.pw_stdout import PwStdout
from dft_inputs.qe.schemas.pw_xml import structure_of

CUTOFF_TOLERANCE = 1e-4
"""Ry: the input is printed with fewer digits than the XML file has."""
LENGTH_TOLERANCE = 1e-3
"""Angstrom: pw.x puts atoms that are nearly symmetric onto their places."""
MD5_DIGITS = 32


def check_belonging(
    xml: dict[str, Any], stdout: PwStdout, pw_input: PwInput, pseudo_md5: Mapping[str, str]
) -> None:
    """Refuse outputs that are not of this input.

    A command that is not pw.x, or a folder that another run wrote into, leaves output that is
    whole and agrees with itself, and says nothing of the crystal that was asked for.

    Args:
        xml: Content of the XML file.
        stdout: Signatures of the standard output.
        pw_input: ``pw.in`` as last run.
        pseudo_md5: md5 by element that the pseudopotentials must have; others are not compared.

    Raises:
        ForeignOutputError: If calculation, atoms, cell at the first step, cutoffs, k-points, spin,
            charge or pseudopotentials are others.
    """
    check_consistency(xml)
    differences = [
        f"{name} {wanted} was asked for, the output has {found}"
        for name, wanted, found in _pairs(xml, pw_input)
        if wanted != found
    ]
    differences += _geometry_differences(xml, pw_input)
    for label, md5 in stdout.pseudo_md5.items():
        wanted = pseudo_md5.get(element_of_label(label), "")
        if len(wanted) == MD5_DIGITS and wanted != md5:
            differences.append(f"the pseudopotential of {label} has the md5 {md5}, not {wanted}")
    if differences:
        raise ForeignOutputError(
            f"The output of pw.x is of another calculation: {'; '.join(differences)}."
        )


def check_consistency(xml: dict[str, Any]) -> None:
    """Refuse an XML file whose results are of other atoms than its own input.

    Args:
        xml: Content of the XML file.

    Raises:
        ForeignOutputError: If species or number of atoms or of forces differ.
    """
    asked, found = _labels(xml["input"]), _labels(xml["output"])
    if asked != found:
        raise ForeignOutputError(
            f"The XML file of pw.x has the input of {_formula(asked)} and the results of "
            f"{_formula(found)}."
        )
    forces = xml["output"].get("forces")
    if forces is not None and np.size(forces["$"]) != 3 * len(found):
        raise ForeignOutputError(
            f"The XML file of pw.x has {np.size(forces['$']) // 3} forces on {len(found)} atoms."
        )


def _pairs(xml: dict[str, Any], pw_input: PwInput) -> Iterator[tuple[str, Any, Any]]:
    """What was asked for and what the output has: name, wanted, found."""
    given, spin = xml["input"], xml["input"]["spin"]
    wanted = pw_input.get("control", "calculation", "scf")
    yield "calculation", wanted, given["control_variables"]["calculation"]
    yield "atoms", _formula(pw_input.labels), _formula(_labels(given))
    cutoff = float(pw_input.get("system", "ecutwfc"))
    for name, value in (("ecutwfc", cutoff), ("ecutrho", 4 * cutoff)):
        asked = float(pw_input.get("system", name, value))
        found = 2 * float(given["basis"][name])  # hartree
        yield name, asked, asked if abs(found - asked) < CUTOFF_TOLERANCE else found
    nspin = int(pw_input.get("system", "nspin", 1))
    yield "nspin", nspin, 4 if spin["noncolin"] else 2 if spin["lsda"] else 1
    charge = float(pw_input.get("system", "tot_charge", 0.0))
    yield "tot_charge", charge, float(given["bands"].get("tot_charge", 0.0))
    yield "k-points", *_meshes(given, pw_input)


def _meshes(given: dict[str, Any], pw_input: PwInput) -> tuple[Any, Any]:
    """The mesh that was asked for and that of the output; lists of k-points are not compared."""
    card = pw_input.cards.get("K_POINTS", ["K_POINTS gamma"])
    kind = card[0].lower()
    if "gamma" in kind:
        return True, bool(given["basis"].get("gamma_only", True))
    if "automatic" not in kind:
        return None, None
    mesh = given["k_points_IBZ"].get("monkhorst_pack")
    names = ("@nk1", "@nk2", "@nk3", "@k1", "@k2", "@k3")
    found = None if mesh is None else tuple(int(mesh[name]) for name in names)
    return tuple(int(word) for word in card[1].split()[:6]), found


def _geometry_differences(xml: dict[str, Any], pw_input: PwInput) -> list[str]:
    """Differences of cell and positions; a restarted run begins where the one before stopped."""
    if pw_input.get("control", "restart_mode", "from_scratch") == "restart":
        return []
    wanted, found = pw_input.structure, structure_of(xml["input"]["atomic_structure"])
    if not np.allclose(wanted.lattice.matrix, found.lattice.matrix, atol=LENGTH_TOLERANCE):
        return [f"the cell {_cell(wanted)} was asked for, the output has {_cell(found)}"]
    if len(wanted) != len(found):
        return []  # which is told already
    shifts = wanted.frac_coords - found.frac_coords
    apart = wanted.lattice.get_cartesian_coords(shifts - np.round(shifts))
    largest = float(np.linalg.norm(apart, axis=1).max())
    return [f"atoms lie {largest:.3f} angstrom from where they were"] * (largest > LENGTH_TOLERANCE)


def _labels(element: dict[str, Any]) -> list[str]:
    atoms = element["atomic_structure"]["atomic_positions"]["atom"]
    return [str(atom["@name"]) for atom in atoms]


def _formula(labels: list[str]) -> str:
    """Atomic types in their order, such as ``Mg4 O4``."""
    return " ".join(f"{label}{sum(1 for _ in same)}" for label, same in groupby(labels))


def _cell(structure: Structure) -> str:
    return " ".join(f"{x:.3f}" for x in (*structure.lattice.abc, *structure.lattice.angles))
