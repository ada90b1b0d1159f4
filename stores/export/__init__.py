"""Getting structures out: files of the field's formats, and an OPTIMADE service."""

from stores.export.formats import (
    FORMATS,
    write_cif,
    write_computed_entries,
    write_extxyz_file,
    write_parquet,
)
from stores.export.selection import Selected, select

__all__ = [
    "FORMATS",
    "Selected",
    "select",
    "write_cif",
    "write_computed_entries",
    "write_extxyz_file",
    "write_parquet",
]
