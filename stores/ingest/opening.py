"""Naming a source on the command line."""

from __future__ import annotations

from pathlib import Path

from dao_core.errors import InputError
from stores.ingest.entry import Source
from stores.ingest.files import StructureFiles
from stores.ingest.materials_project import MaterialsProject
from stores.ingest.optimade import OptimadeProvider, oqmd
from stores.ingest.qe import QeRuns
from stores.ingest.records import BenchmarkCsv, RecordFile
from stores.ingest.vasp import VaspRuns

SOURCES = {
    "mp:SYSTEM": "Materials Project, e.g. mp:Mg-O (key in MP_API_KEY)",
    "oqmd:FILTER": 'OQMD, e.g. oqmd:elements HAS ONLY "Mg","O"',
    "optimade:URL": "any OPTIMADE provider; --filter narrows it",
    "vasp:FOLDER": "VASP runs (vasprun.xml)",
    "qe:FOLDER": "Quantum ESPRESSO runs (XML output of pw.x)",
    "FILE.json[.gz], FILE.jsonl": "record file; --level names the level of its energies",
    "FILE.csv": "benchmark CSV with a cif column; --level as above",
    "FILE or FOLDER": "CIF, POSCAR, extended XYZ: structures without labels",
}
"""What :func:`open_source` understands."""


def open_source(text: str, *, level: str | None = None, query: str = "") -> Source:
    """The source that a text names; see :data:`SOURCES`.

    Args:
        text: as above.
        level: energy level of a record file or CSV (by default ``file:<name>``), or of calculations
            (by default made from their settings).
        query: OPTIMADE filter.

    Raises:
        InputError: the text names no source.
        MissingError: a file, or the key of the Materials Project, is missing.
    """
    kind, _, rest = text.partition(":")
    if kind == "mp":
        return MaterialsProject(rest or None)
    if kind == "oqmd":
        return oqmd(rest or query)
    if kind == "optimade":
        return OptimadeProvider(rest, query, level=level)
    if kind == "vasp":
        return VaspRuns(Path(rest), level)
    if kind == "qe":
        return QeRuns(Path(rest), level)
    path = Path(text)
    if ".json" in path.name:
        return RecordFile(path, level or f"file:{path.name.partition('.')[0]}")
    if ".csv" in path.name:
        return BenchmarkCsv(path, level or f"file:{path.name.partition('.')[0]}")
    if path.exists():
        return StructureFiles(path)
    known = "; ".join(SOURCES)
    raise InputError(f"{text!r} is no source and no file; give one of: {known}")
