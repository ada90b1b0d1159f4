"""``dao fill``: a framework filled by DAO-G, released, its networks described and clustered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pymatgen.core import Structure
from pymatgen.io.cif import CifWriter

from dao_core import progress
from dao_core.crystal.asked import Crystal
from dao_core.errors import InputError
from dao_core.frameworks import FilledCrystal, fill_framework, fillings
from dao_core.generator.generate import Generator, load_generator
from dao_core.interpretation.filling import (
    FillRequest,
    filled_amount,
    filled_candidate,
    filled_finding,
    prepared_framework,
)
from dao_core.model_files import model_file
from dao_core.potentials import load_potential
from dao_core.writable import check_output_folder
from flows.interpretation.keeping import keep
from flows.validation.crystals import find_crystals
from stores import DaoStore, open_store
from stores.search_memory import StoreMemory

STAGE = "fill"


def fill(request: FillRequest, out: Path, store: str | None) -> dict[str, Any]:
    """Fill a framework with every amount asked for.

    Args:
        request: What and how.
        out: Folder of the CIFs.
        store: URI of the store; None is the embedded one.

    Returns:
        ``level``, ``store``, ``structures`` (each amount's by enthalpy, with network and cluster),
        ``amounts`` (samples and losses of each), ``warnings`` and ``failures``.

    Raises:
        DaoError: The framework cannot be used, the amounts are impossible, or something is missing.
    """
    check_output_folder(out)
    with open_store(store) as opened:
        framework, warnings = _framework(request, opened)
        generator = load_generator(model_file(request.model))
        cells = fillings(
            framework, request.symbol, request.lowest, request.highest, generator.max_atoms
        )
        potential = load_potential(request.potential)
        progress.begin(STAGE, len(cells))
        records, amounts = [], []
        for cell in cells:
            outcome = fill_framework(
                cell, generator, potential, request.samples, request.pressure, request.seed
            )
            amounts.append(filled_amount(cell, outcome))
            records += [
                _kept(place, crystal, request, generator, potential.level, opened, out)
                for place, crystal in enumerate(outcome.crystals)
            ]
            progress.advance(STAGE, 1)
        uri = opened.uri
    warnings |= {flag for record in records for flag in record["flags"]}
    empty = [amount for amount in amounts if not amount["distinct"]]
    return {
        "level": potential.level,
        "store": uri,
        "pressure": request.pressure,
        "structures": records,
        "amounts": amounts,
        "warnings": sorted(warnings),
        "failures": [
            {"file": f"{a['number']} {request.symbol}", "reason": f"all samples lost: {a['lost']}"}
            for a in empty
        ],
    }


def _framework(request: FillRequest, store: DaoStore) -> tuple[Structure, set[str]]:
    """The atoms that are held, and what was changed about them."""
    prototype = request.prototype()
    if prototype is not None:
        return prepared_framework(prototype, request)
    (crystal, *others) = find_crystals([request.framework], store).crystals
    if others:
        raise InputError(f"{request.framework} holds several structures; give one framework")
    return prepared_framework(crystal.structure.copy(), request)


def _kept(
    place: int,
    crystal: FilledCrystal,
    request: FillRequest,
    generator: Generator,
    level: str,
    store: DaoStore,
    out: Path,
) -> dict[str, Any]:
    """Keep one crystal as a candidate with its network, and write its CIF."""
    candidate = filled_candidate(place, crystal, request, generator, level)
    finding = filled_finding(crystal, request, generator)
    StoreMemory(store).put_candidates([candidate])
    named = Crystal(candidate.candidate_id, crystal.structure, candidate.candidate_id)
    identity = keep(
        store, "network", named, level, finding.settings, finding.figures, finding.flags
    )
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"{candidate.formula}_{candidate.candidate_id}.cif"
    CifWriter(crystal.structure, symprec=0.01).write_file(file)
    return {
        "candidate_id": candidate.candidate_id,
        "interpretation_id": identity,
        **finding.figures,
        "flags": [flag for flag in finding.flags if flag],
        "cif": str(file),
    }
