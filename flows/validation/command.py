"""``dao validate``: DFT checks of crystals without a campaign."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pymatgen.io.cif import CifWriter

from dao_core.crystal.asked import Crystal
from dao_core.crystal.symmetry import space_group_of
from dao_core.errors import MissingError
from dao_core.hashing import content_id
from dao_core.writable import check_output_folder
from dft_inputs.running.validation import Validation, ValidationReport, validate
from flows.validation.crystals import find_crystals
from flows.validation.memory import StoreMemory, checked_structure_id, validation_id
from flows.validation.settings import STAGE, DftSettings, require_dft
from stores import DaoStore, open_store

MISSING = 3
"""Exit code of what is not on this machine."""
DECIDING = {"code", "protocol", "workflow", "functional", "pseudos", "hubbard", "pressure"}
"""Settings that decide the result, not when it comes."""


def validate_given(
    words: Sequence[str], settings: DftSettings, out: Path, store: str | None, *, hull: bool
) -> dict[str, Any]:
    """Check crystals by DFT and write what came out into the store and as CIF.

    Args:
        words: Files, folders, or ids of candidates, relaxations and structures.
        settings: How.
        out: Folder of the CIFs.
        store: URI of the store; None is the embedded one.
        hull: Whether energies above hull are wanted.

    Returns:
        ``level`` (None where crystals have several), ``store``, ``structures``, ``competing``,
        ``core_hours`` and ``failures``.

    Raises:
        DaoError: Nothing can be checked.
        DaoError: The DFT program or its potentials are missing.
    """
    check_output_folder(out)
    with open_store(store) as opened:
        found = find_crystals(words, opened)
        require_dft(settings)
        report = _checked(found.crystals, settings, opened, hull=hull)
        uri = opened.uri
    refuse_if_all_missing(report.validations)
    candidates = {crystal.name: crystal.candidate_id for crystal in found.crystals}
    records = [_record(v, candidates[v.name], out) for v in report.validations]
    failed = [v for v in [*report.validations, *report.competing] if v.state != "done"]
    levels = {v.level for v in report.done}
    return {
        "level": levels.pop() if len(levels) == 1 else None,
        "store": uri,
        "structures": records,
        "competing": [_record(v, None, None) for v in report.competing],
        "core_hours": report.core_hours,
        "failures": [
            *found.failures,
            *({"file": v.name, "reason": f"{v.reason}: {v.message}"} for v in failed),
        ],
    }


def _checked(
    crystals: Sequence[Crystal], settings: DftSettings, store: DaoStore, *, hull: bool
) -> ValidationReport:
    """Run the checks. The same command again draws on the same budget."""
    how = settings.model_dump(include=DECIDING)
    account = content_id("a", {"crystals": sorted(c.name for c in crystals), **how})
    memory = StoreMemory(store, {crystal.name: crystal.candidate_id for crystal in crystals})
    return validate(
        {crystal.name: crystal.structure for crystal in crystals},
        settings.method(),
        settings.limits(account),
        hull=hull,
        memory=memory,
        on_end=memory.keeping(STAGE),
    )


def refuse_if_all_missing(validations: Sequence[Validation]) -> None:
    """Let what all crystals lack on this machine be the error of the command.

    Raises:
        MissingError: Every one of them failed for it.
    """
    if all(validation.exit_code == MISSING for validation in validations):
        raise MissingError("; ".join(sorted({str(v.message) for v in validations})))


def _record(validation: Validation, candidate: str | None, out: Path | None) -> dict[str, Any]:
    """One crystal for people and programs."""
    result = validation.result
    facts: dict[str, Any] = {
        "name": validation.name,
        "formula": validation.formula,
        "state": validation.state,
        "reason": validation.reason,
        "message": validation.message or validation.hull_message,
        "level": validation.level,
        "energy_above_hull": validation.energy_above_hull,
        "core_hours": validation.core_hours,
        "corrections": [correction.handler for correction in validation.corrections],
        "reused": validation.reused,
        "candidate_id": candidate,
        "structure_id": checked_structure_id(validation),
        "validation_id": validation_id(validation.key) if validation.key else None,
        "stop_reason": "converged" if result else validation.reason,
    }
    if result is None:
        return facts
    return {
        **facts,
        "z": int(result.structure.composition.get_reduced_composition_and_factor()[1]),
        "natoms": result.n_atoms,
        "space_group": space_group_of(result.structure)[0],
        "energy_before": result.energy_before,
        "energy_per_atom": result.energy_per_atom,
        "steps": result.steps,
        "volume": result.volume,
        "pressure": result.pressure,
        "enthalpy_per_atom": result.enthalpy_per_atom(validation.pressure),
        "max_force": result.max_force,
        "band_gap": result.band_gap,
        "total_magnetization": result.total_magnetization,
        "folder": result.dir_name,
        "cif": None if out is None else _write_cif(validation, out),
    }


def _write_cif(validation: Validation, out: Path) -> str | None:
    if validation.result is None:
        return None
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"{validation.formula}_{validation.key}.cif"
    CifWriter(validation.result.structure).write_file(file)
    return str(file)
