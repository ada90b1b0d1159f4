"""The inputs of VASP as files, for a machine that this one does not start anything on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

from atomate2.vasp.jobs.base import BaseVaspMaker
from jobflow import Maker
from pymatgen.core import Structure

from dao_core.errors import MissingError
from dft_inputs.canonical import canonical_cell
from dft_inputs.method import Method
from dft_inputs.vasp.makers import vasp_maker
from dft_inputs.vasp.potcar import potcar_folder


def write_inputs(
    structure: Structure, method: Method, _system: Sequence[str], folder: Path
) -> list[Path]:
    """Write INCAR, KPOINTS, POSCAR and POTCAR of each run, in numbered folders.

    Each run begins at the crystal as it is given; in a validation it begins where the one before
    it ended. Without POTCARs on this machine, ``POTCAR.spec`` names them.

    Args:
        structure: Crystal.
        method: How.
        folder: Where to.

    Returns:
        The INCAR files.

    Raises:
        InputError: If the crystal cannot be computed.
    """
    written = []
    for number, one in enumerate(_makers_of_runs(vasp_maker(method)), start=1):
        place = folder / f"{number}-{one.name.replace(' ', '-')}"
        spec = not _has_potcars()
        made = one.input_set_generator.get_input_set(canonical_cell(structure), potcar_spec=spec)
        made.write_input(place, make_dir_if_not_present=True)
        written.append(place / "INCAR")
    return written


def _makers_of_runs(maker: Maker) -> Iterator[BaseVaspMaker]:
    """The makers of single runs within a maker, in their order."""
    if isinstance(maker, BaseVaspMaker):
        yield maker
        return
    for field in fields(maker):
        part = getattr(maker, field.name)
        if isinstance(part, Maker):
            yield from _makers_of_runs(part)


def _has_potcars() -> bool:
    """Whether the user's POTCARs are on this machine."""
    try:
        potcar_folder()
    except MissingError:
        return False
    return True
