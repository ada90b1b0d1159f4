"""POTCAR files: the user's, whether they are there and what they hash to, and those of runs."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from monty.io import zopen
from pymatgen.core import SETTINGS
from pymatgen.io.vasp import PotcarSingle

from dao_core.errors import MissingError
from dao_core.hashing import text_hash
from dft_inputs.errors import MissingPseudopotentialError

HASH_DIGITS = 16
_TITLE = re.compile(r"TITEL\s*=\s*(.*)")


def potcar_folder() -> Path:
    """Folder of the user's POTCAR files.

    Returns:
        The folder that ``PMG_VASP_PSP_DIR`` names.

    Raises:
        MissingError: If it names none, or one that does not exist; with what to do.
    """
    folder = SETTINGS.get("PMG_VASP_PSP_DIR")
    advice = (
        "VASP's potentials are licensed and are not shipped. Arrange yours with 'pmg config -p "
        "<your potentials> <folder>' and name the folder with 'pmg config --add PMG_VASP_PSP_DIR "
        "<folder>'."
    )
    if not folder:
        raise MissingError(f"PMG_VASP_PSP_DIR is not set. {advice}")
    if not Path(folder).is_dir():
        raise MissingError(f"PMG_VASP_PSP_DIR names {folder}, which is no folder. {advice}")
    return Path(folder)


def potcar_hashes(
    elements: Collection[str], symbols: dict[str, str], functional: str
) -> dict[str, str]:
    """Name and hash of the POTCAR of each element.

    Args:
        elements: Element symbols.
        symbols: POTCAR symbol of each element in the input set, such as ``Mg_pv``.
        functional: Functional of the POTCARs, such as ``PBE_54``.

    Returns:
        ``symbol:hash`` by element.

    Raises:
        MissingError: If there are no POTCARs on this machine.
        MissingPseudopotentialError: If one is missing; the element is named.
    """
    potcar_folder()
    hashes = {}
    for element in sorted(elements):
        symbol = symbols.get(element)
        if symbol is None:
            raise MissingPseudopotentialError(f"The input set has no POTCAR for {element}.")
        try:
            potcar = PotcarSingle.from_symbol_and_functional(symbol, functional)
        except (OSError, ValueError) as error:
            raise MissingPseudopotentialError(
                f"There is no POTCAR {symbol} ({functional}) for {element}: {error}"
            ) from error
        hashes[element] = f"{symbol}:{text_hash(potcar.data, HASH_DIGITS)}"
    return hashes


def potcars_of_run(folder: Path) -> dict[str, str]:
    """Text of each potential of the POTCAR in the folder of a run, by its title.

    Args:
        folder: Of the run.

    Returns:
        Texts such as the user's files have; empty where there is no POTCAR.
    """
    for name in ("POTCAR", "POTCAR.gz"):
        if (folder / name).is_file():
            with zopen(folder / name, mode="rt", encoding="latin-1") as stream:
                parts = re.split(r"(?<=End of Dataset\n)", str(stream.read()))
            titled = ((_TITLE.search(part), part) for part in parts)
            return {" ".join(found[1].split()): part for found, part in titled if found}
    return {}


def is_potcar(text: str, symbol_and_hash: str) -> bool:
    """Whether the text of a potential is the one that a level names.

    Args:
        text: As :func:`potcars_of_run` gives it.
        symbol_and_hash: As :func:`potcar_hashes` gives it.
    """
    wanted = symbol_and_hash.partition(":")[2]
    body = text.strip("\n")  # which is all that writing a POTCAR changes
    return wanted in {text_hash(one, HASH_DIGITS) for one in (text, body, f"{body}\n")}
