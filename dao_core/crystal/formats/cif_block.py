"""One data block of a CIF: its items by name, whatever the case of the name."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from pymatgen.core.operations import SymmOp
from pymatgen.io.cif import CifBlock, str2float

LATTICE = (
    *("_cell_length_a", "_cell_length_b", "_cell_length_c"),
    *("_cell_angle_alpha", "_cell_angle_beta", "_cell_angle_gamma"),
)
UNKNOWN = ("?", ".", "")
OPERATION_NAMES = (
    "_symmetry_equiv_pos_as_xyz",
    "_space_group_symop_operation_xyz",
    "_space_group_symop.operation_xyz",
)
SYMBOL_NAMES = (
    "_space_group_name_h-m_alt",
    "_symmetry_space_group_name_h-m",
    "_space_group_name_h-m_full",
    "_space_group_name_h-m_ref",
)


class CifError(ValueError):
    """Why a block gives no crystal."""


@dataclass(frozen=True)
class BlockText:
    """A data block.

    Attributes:
        text: as it stands in the file.
        items: values by data name in small letters; a list where a loop gives them.
    """

    text: str
    items: dict[str, str | list[str]]

    @classmethod
    def of(cls, text: str) -> BlockText:
        """The block of a text that begins with ``data_``.

        A block that pymatgen cannot take apart is empty, so that asking it says what is missing.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                block = CifBlock.from_str(text)
            except (ValueError, IndexError, ZeroDivisionError):
                return cls(text, {})
        return cls(text, {name.lower().rstrip("_"): value for name, value in block.data.items()})

    def column(self, name: str) -> list[str] | None:
        """The values of a loop, or of an item that stands alone; None where there is none."""
        value = self.items.get(name)
        return [value] if isinstance(value, str) else value

    def single(self, name: str) -> str | None:
        """The value of an item, None where it is missing or unknown."""
        value = (self.column(name) or [""])[0].strip()
        return None if value in UNKNOWN else value

    def required(self, name: str) -> str:
        """The number of an item as a text without its uncertainty.

        Raises:
            CifError: it is missing or no number.
        """
        value = self.single(name)
        if value is None:
            raise CifError(f"{name} is missing")
        return str(number_of(value, name))

    def metric(self) -> np.ndarray:
        """Scalar products of the cell's vectors, square angstrom, (3, 3).

        Raises:
            CifError: a length or angle is missing, or the angles close no cell.
        """
        values = [float(self.required(name)) for name in LATTICE]
        lengths, angles = np.array(values[:3]), np.radians(values[3:])
        cosines = np.eye(3)
        for (i, j), angle in zip(((1, 2), (0, 2), (0, 1)), angles, strict=True):
            cosines[i, j] = cosines[j, i] = np.cos(angle)
        if lengths.min() <= 0 or np.linalg.det(cosines) <= 0:
            said = ", ".join(f"{value:g}" for value in values)
            raise CifError(f"lengths and angles {said} make no cell")
        return np.asarray(cosines * np.outer(lengths, lengths))

    @property
    def symbol(self) -> str | None:
        """Hermann-Mauguin symbol of the space group."""
        return next(filter(None, map(self.single, SYMBOL_NAMES)), None)

    def operations(self) -> list[str] | None:
        """The symmetry operations that are listed, None where there are none.

        Raises:
            CifError: one cannot be read.
        """
        for name in OPERATION_NAMES:
            listed = [one.strip("'\" ") for one in self.column(name) or ()]
            if listed and not set(listed) <= set(UNKNOWN):
                for one in listed:
                    _check_operation(one)
                return listed
        return None


def _check_operation(text: str) -> None:
    """Refuse what pymatgen would read as nothing.

    Raises:
        CifError: it is no operation.
    """
    try:
        rotation = SymmOp.from_xyz_str(text).rotation_matrix
    except (ValueError, IndexError) as error:
        raise CifError(f"symmetry operation {text!r} cannot be read") from error
    if not math.isclose(abs(np.linalg.det(rotation)), 1, abs_tol=1e-6):
        raise CifError(f"symmetry operation {text!r} cannot be read")


def number_of(text: str, what: str) -> float:
    """A number without its uncertainty: ``0.333(1)`` is 0.333.

    Raises:
        CifError: there is none.
    """
    if text.strip() in UNKNOWN:
        raise CifError(f"{what} is {text.strip() or 'missing'!r}")
    try:
        value = str2float(text)
    except ValueError as error:
        raise CifError(f"{what} is {text!r}, which is no number") from error
    if not math.isfinite(value):
        raise CifError(f"{what} is {text!r}, which is no number")
    return value
