"""Structures of one composition straight from DAO-G, kept in the store and written as CIF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pymatgen.core import Composition, Structure
from pymatgen.io.cif import CifWriter

from dao_core.crystal.symmetry import space_group_of
from dao_core.generator.generate import load_generator
from dao_core.search.compositions import parse_target
from flows.campaign.preflight import check_output_folder
from flows.campaign.propose import candidate_document
from stores import open_store
from stores.documents import CandidateDocument


def generate_formula(
    formula: str, n: int, z: int, seed: int, out: Path, store: str | None, *, force: bool
) -> dict[str, Any]:
    """Generate structures of a formula.

    Args:
        formula: Of one cell, as it is written: ``Cr6Os2`` has eight atoms.
        n: How many.
        z: Cells of this formula that make up the generated cell.
        seed: Chooses the noise.
        out: Folder of the CIFs.
        store: URI of the store; None is the embedded one.
        force: Go on beyond the largest cell of the model.

    Raises:
        DaoError: The formula is wrong, the cell too large, or something is missing.
    """
    cell = _cell(formula) * z
    reduced, factor = cell.get_reduced_formula_and_factor()
    check_output_folder(out)
    generator = load_generator()
    provenance = {
        "source": "dao-g",
        "origin": "dao-g",
        "model": generator.checkpoint_hash,
        "formula": reduced,
        "z": int(factor),
        "seed": seed,
    }
    with open_store(store) as opened:
        crystals = generator.generate([cell], n, seed=seed, beyond_domain=force)
        documents = [
            candidate_document(
                crystal.structure, {**provenance, "index": crystal.index}, generator.checkpoint_hash
            )
            for crystal in crystals
        ]
        opened.put(documents)
        uri = opened.uri
    records = [_record(document, out) for document in documents]
    return {"level": None, "store": uri, "structures": records}


def _cell(formula: str) -> Composition:
    """One cell of a formula.

    Raises:
        InputError: It is not a formula.
    """
    parse_target([formula])
    return Composition(formula)


def _record(document: CandidateDocument, out: Path) -> dict[str, Any]:
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


def _write_cif(structure: Structure, document: CandidateDocument, out: Path) -> str:
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"{document.formula}_{document.candidate_id}.cif"
    CifWriter(structure).write_file(file)
    return str(file)
