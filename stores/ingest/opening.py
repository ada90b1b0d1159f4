"""Naming a source on the command line."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from dao_core.errors import InputError, MissingError
from stores.ingest.entry import Source

SOURCES = {
    "mp:SYSTEM": "Materials Project, e.g. mp:Mg-O (key in MP_API_KEY)",
    "oqmd:FILTER": 'OQMD, e.g. oqmd:elements HAS ONLY "Mg","O"',
    "optimade:URL": "any OPTIMADE provider; --filter narrows it",
    "vasp:FOLDER": "VASP runs (vasprun.xml)",
    "qe:FOLDER": "Quantum ESPRESSO runs (XML output of pw.x)",
    "FILE.json[.gz], FILE.jsonl": "records, pymatgen's structures and entries; --level names the "
    "level of their energies",
    "FILE.csv": "benchmark CSV with a cif column; --level as above",
    "FILE or FOLDER": "CIF, POSCAR, extended XYZ; energies in the latter are labels",
}
"""What :func:`open_source` understands."""


def open_source(text: str, *, level: str | None = None, query: str = "") -> Source:
    """The source that a text names; see :data:`SOURCES`.

    Args:
        text: as above.
        level: energy level of a record file, CSV or extended XYZ (by default ``file:<name>``), or
            of calculations (by default made from their settings).
        query: OPTIMADE filter.

    Raises:
        InputError: the text names no source, or a file that is not there.
        MissingError: a package or the key of the Materials Project is missing.
        StoreUnreachableError: the Materials Project cannot be asked.
    """
    kind, _, rest = text.partition(":")
    if kind == "mp":
        return _reader("materials_project", "MaterialsProject")(rest or None)
    if kind == "oqmd":
        return _reader("optimade", "oqmd")(rest or query)
    if kind == "optimade" or kind in {"http", "https"}:
        url = rest if kind == "optimade" else text
        return _reader("optimade", "OptimadeProvider")(url, query, level=level)
    if kind in {"vasp", "qe"}:
        return _reader(kind, {"vasp": "VaspRuns", "qe": "QeRuns"}[kind])(Path(rest), level)
    path = Path(text)
    for mark, reader in ((".json", "RecordFile"), (".csv", "BenchmarkCsv")):
        if mark in path.name:
            return _reader("records", reader)(path, level)
    if path.exists():
        return _reader("files", "StructureFiles")(path, level)
    known = "; ".join(SOURCES)
    raise InputError(f"{text!r} is no source and no file; give one of: {known}")


def _reader(module: str, name: str) -> Any:
    """A reader, loaded when it is asked for: most need packages that others do not.

    Raises:
        MissingError: such a package is not installed.
    """
    try:
        return getattr(import_module(f"stores.ingest.{module}"), name)
    except ModuleNotFoundError as error:
        raise MissingError(
            f"the package {error.name} is not installed; it comes with dao-crystals[ingest,dft]"
        ) from error
