"""The structures of a campaign as files: CIF, extended XYZ and Parquet, in one order, one id."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pymatgen.io.cif import CifWriter
from pymatgen.symmetry.analyzer import SymmetryUndeterminedError

from dao_core.crystal.writing import write_extxyz
from dao_core.drafts import draft_of
from dao_core.search.result import Failure
from flows.report.file_names import CIF_FOLDER, cif_name
from flows.report.summary import CampaignSummary, RankedStructure

RAW_CIF_FOLDER = "cif_p1"
EXTXYZ_FILE = "structures.extxyz"
PARQUET_FILE = "ranking.parquet"
DFT_COLUMNS = ("state", "level", "energy_per_atom", "energy_above_hull")
IDEAL_SYMPREC = (
    1e-3  # angstrom; a wider tolerance could find more symmetry than the cell was put on
)


@dataclass(frozen=True)
class Exports:
    """The files that were written.

    Attributes:
        cif: Symmetrised CIF of each candidate, by candidate id, in order of rank.
        raw_cif: The relaxed cell of each candidate as P1, likewise.
        extxyz: All relaxed cells, in order of rank.
        parquet: The ranking as a table, one row per structure, in order of rank.
        failures: CIFs that could not be written as they should, with the reason.
    """

    cif: dict[str, Path]
    raw_cif: dict[str, Path]
    extxyz: Path
    parquet: Path
    failures: tuple[Failure, ...]


def export_structures(summary: CampaignSummary, folder: Path) -> Exports:
    """Write every ranked structure as CIF (symmetrised and P1), and all as extxyz and Parquet.

    CIFs of an earlier export into the same folder that no longer belong to the ranking are
    removed; files of others are left alone.

    Args:
        summary: The campaign.
        folder: Where to write; made if missing.

    Returns:
        The files, and what could not be written as it should.
    """
    for name in (CIF_FOLDER, RAW_CIF_FOLDER):
        (folder / name).mkdir(parents=True, exist_ok=True)
    _remove_earlier_cifs(folder)
    cif, raw_cif, failures = {}, {}, []
    for row, level in summary.listed():
        header, (text, problem) = _cif_header(summary, row, level), _symmetrised_cif(row)
        cif[row.candidate_id] = folder / CIF_FOLDER / cif_name(row)
        cif[row.candidate_id].write_text(header + text, encoding="utf-8")
        raw_cif[row.candidate_id] = folder / RAW_CIF_FOLDER / cif_name(row)
        raw_cif[row.candidate_id].write_text(header + _raw_cif(row), encoding="utf-8")
        if problem:
            failures.append(Failure(item=cif_name(row), stage="export", reason=problem))
    return Exports(
        cif, raw_cif, _write_frames(summary, folder), _write_table(summary, folder), tuple(failures)
    )


def _raw_cif(row: RankedStructure) -> str:
    return str(CifWriter(row.relaxed()))


def _symmetrised_cif(row: RankedStructure) -> tuple[str, str | None]:
    """The CIF with symmetry operations, and what is wrong with it, if anything."""
    symprec = IDEAL_SYMPREC if row.conventional else row.symprec
    try:
        writer = CifWriter(row.symmetrised(), symprec=symprec)
    except (SymmetryUndeterminedError, ValueError) as error:
        return _raw_cif(row), f"written as P1, no symmetry found at {symprec} angstrom: {error}"
    (block,) = writer.cif_file.data.values()
    number = int(block["_symmetry_Int_Tables_number"])
    if number == row.space_group_number:
        return str(writer), None
    return str(writer), f"CIF has space group {number}, the ranking {row.space_group_number}"


def _cif_header(summary: CampaignSummary, row: RankedStructure, level: str) -> str:
    """Comment lines that tie the file to the ranking."""
    facts = {"campaign_id": summary.campaign_id, "level": level, **_facts(row)}
    lines = (f"{name}: {value}" for name, value in facts.items() if value is not None)
    printable = ("".join(c if c.isprintable() else " " for c in line) for line in lines)
    return "".join(f"# {line}\n" for line in printable)


def _facts(row: RankedStructure) -> dict[str, Any]:
    """The flat columns of a row: everything but the structures."""
    facts = row.model_dump(exclude={"structure", "conventional", "flags", "dft"})
    check = {f"dft_{name}": getattr(row.dft, name, None) for name in DFT_COLUMNS}
    return {**facts, "flags": ", ".join(row.flags), **check}


def _write_frames(summary: CampaignSummary, folder: Path) -> Path:
    listed = summary.listed()
    cells = [row.relaxed() for row, _ in listed]
    pairs = [
        {
            "energy": row.energy_per_atom * len(cell),
            "level": level,
            **{name: value for name, value in _facts(row).items() if value is not None},
        }
        for (row, level), cell in zip(listed, cells, strict=True)
    ]
    return write_extxyz(cells, pairs, folder / EXTXYZ_FILE)


def _write_table(summary: CampaignSummary, folder: Path) -> Path:
    left_out = ("structure", "conventional", "dft")
    columns = [name for name in RankedStructure.model_fields if name not in left_out]
    columns += [f"dft_{name}" for name in DFT_COLUMNS]
    rows = [
        {
            **_facts(row),
            "level": level,
            "campaign_id": summary.campaign_id,
            "cif": f"{CIF_FOLDER}/{cif_name(row)}",
        }
        for row, level in summary.listed()
    ]
    table = pd.DataFrame(rows, columns=[*columns, "level", "campaign_id", "cif"])
    with draft_of(folder / PARQUET_FILE) as draft:
        table.to_parquet(draft, index=False)
    return folder / PARQUET_FILE


def _remove_earlier_cifs(folder: Path) -> None:
    """Remove the CIFs that the table of an earlier export names, and no other file."""
    table = folder / PARQUET_FILE
    if not table.is_file():
        return
    try:
        names = [str(name) for name in pd.read_parquet(table, columns=["cif"])["cif"]]
    except (OSError, ValueError, KeyError):  # a damaged table: no names, no CIFs to be removed
        return
    for name in (Path(name).name for name in names):
        (folder / CIF_FOLDER / name).unlink(missing_ok=True)
        (folder / RAW_CIF_FOLDER / name).unlink(missing_ok=True)
