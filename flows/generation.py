"""Structures of one composition straight from DAO-G, kept in the store and written as CIF."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymatgen.core import Structure
from pymatgen.io.cif import CifWriter

from dao_core.checkpoints.format import checkpoint_hash
from dao_core.crystal.symmetry import space_group_of
from dao_core.generator.generate import load_generator
from dao_core.generator.guidance import Guidance
from dao_core.generator.template_parts import Hold, held_parts
from dao_core.model_files import model_file
from dao_core.predictor.guidance import load_noisy_energy
from dao_core.search.records import Candidate
from dao_core.search.target import parse_cell
from dao_core.writable import check_output_folder
from stores import open_store
from stores.search_memory import StoreMemory

BATCH = 128
"""Structures that are stored and written together; no more are in memory."""


@dataclass(frozen=True)
class Proposer:
    """The generator, what guides it and what it may not move.

    Attributes:
        model: name or file of the generator.
        guidance: name or file of a guidance energy, or None.
        weight: of the guidance.
        template: file of a crystal of which parts are held, or None.
        hold: which parts.
    """

    model: str = "dao-g"
    guidance: str | None = None
    weight: float = 1.0
    template: Path | None = None
    hold: Hold = "framework"


def generate_formula(
    formula: str,
    n: int,
    z: int | None,
    seed: int,
    out: Path,
    store: str | None,
    proposer: Proposer,
    *,
    force: bool,
) -> dict[str, Any]:
    """Generate structures of a formula.

    Args:
        formula: Of one cell, as it is written: ``Cr6Os2`` has eight atoms.
        n: How many.
        z: Formula units of the reduced formula in the cell, as in campaigns; None leaves the cell
            as it is written.
        seed: Chooses the noise.
        out: Folder of the CIFs.
        store: URI of the store; None is the embedded one.
        proposer: The models.
        force: Go on beyond the largest cell of the model.

    Raises:
        DaoError: The formula is wrong, the cell too large, or something is missing.
    """
    cell = parse_cell(formula)
    if z is not None:
        cell = cell.reduced_composition * z
    reduced, factor = cell.get_reduced_formula_and_factor()
    check_output_folder(out)
    generator = load_generator(model_file(proposer.model))
    guidance, guided = _guidance(proposer)
    held, kept = held_parts(proposer.template, proposer.hold) if proposer.template else (None, {})
    provenance = {
        "source": "dao-g",
        "origin": "dao-g",
        "model": generator.checkpoint_hash,
        "formula": reduced,
        "z": int(factor),
        "seed": seed,
        **guided,
        **kept,
    }
    records: list[dict[str, Any]] = []
    with open_store(store) as opened:
        crystals = generator.generate(
            [cell], n, guidance=guidance, held=held, seed=seed, beyond_domain=force
        )
        while chunk := list(itertools.islice(crystals, BATCH)):
            documents = [
                Candidate.of(
                    made.structure, {**provenance, "index": made.index}, generator.checkpoint_hash
                )
                for made in chunk
            ]
            StoreMemory(opened).put_candidates(documents)
            records += [
                {
                    **_record(document, out),
                    "outside_domain": made.outside_domain,
                    "prototype": made.prototype,
                    "probability": made.probability,
                }
                for document, made in zip(documents, chunk, strict=True)
            ]
        return {"store": opened.uri, "structures": records}


def _guidance(proposer: Proposer) -> tuple[Guidance | None, dict[str, Any]]:
    """What guides, and what provenance says of it."""
    if proposer.guidance is None:
        return None, {}
    file = model_file(proposer.guidance)
    guided = {"guidance": checkpoint_hash(file), "guidance_weight": proposer.weight}
    return Guidance(load_noisy_energy(file), proposer.weight), guided


def _record(document: Candidate, out: Path) -> dict[str, Any]:
    structure = document.to_pymatgen()
    if structure is None:
        raise ValueError(f"{document.candidate_id} was generated without a structure")
    return {
        "candidate_id": document.candidate_id,
        "structure_id": document.structure_id,
        "formula": document.formula,
        "z": document.provenance["z"],
        "natoms": document.nsites,
        "space_group": None if document.rejection else space_group_of(structure)[0],
        "volume": structure.volume,
        "origin": document.origin,
        "rejection": document.rejection,
        "cif": _write_cif(structure, document, out),
    }


def _write_cif(structure: Structure, document: Candidate, out: Path) -> str:
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"{document.formula}_{document.candidate_id}.cif"
    CifWriter(structure).write_file(file)
    return str(file)
