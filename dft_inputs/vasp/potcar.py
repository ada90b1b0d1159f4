"""The user's POTCAR files: whether they are there, and what they hash to."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pymatgen.core import SETTINGS
from pymatgen.io.vasp import PotcarSingle

from dao_core.errors import MissingError
from dao_core.hashing import text_hash
from dft_inputs.errors import MissingPseudopotentialError


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
        hashes[element] = f"{symbol}:{text_hash(potcar.data, 16)}"
    return hashes
