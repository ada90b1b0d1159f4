"""POSCARs of all versions of VASP."""

from __future__ import annotations

from pathlib import Path

import pytest

from dao_core.crystal.formats.parsed import Parsed
from dao_core.crystal.formats.poscar import parse_poscar
from dao_core.errors import InputError

CELL = "3.9 0 0\n0 3.9 0\n0 0 3.9\n"
FOUR = ("0 0 0", ".5 .5 .5", ".5 .5 0", ".5 0 .5")


def poscar(folder: Path, text: str) -> Path:
    """A POSCAR with this text."""
    file = folder / "POSCAR"
    file.write_text(text)
    return file


def crystal(file: Path) -> Parsed:
    """Its crystal."""
    (found,) = parse_poscar(file)
    assert isinstance(found, Parsed)
    return found


@pytest.mark.parametrize("comment", ["a test", "Ti O N", "Ti2 O3", "Sr X"])
def test_without_symbols_nothing_is_guessed(tmp_path: Path, comment: str) -> None:
    text = f"{comment}\n1.0\n{CELL}1 3\nDirect\n" + "\n".join(FOUR)
    with pytest.raises(InputError, match="no element symbols"):
        parse_poscar(poscar(tmp_path, text))


@pytest.mark.parametrize("comment", ["N Al", "N1 Al3"])
def test_symbols_of_the_comment_are_told(tmp_path: Path, comment: str) -> None:
    text = f"{comment}\n1.0\n{CELL}1 3\nDirect\n" + "\n".join(FOUR)
    found = crystal(poscar(tmp_path, text))
    assert found.structure.formula == "Al3 N1"
    assert "as its comment says" in found.notes[0]


def test_symbols_behind_the_coordinates_are_read(tmp_path: Path) -> None:
    text = f"x\n1.0\n{CELL}1 1\nDirect\n0 0 0 Cs\n.5 .5 .5 Cl\n"
    found = crystal(poscar(tmp_path, text))
    assert (found.structure.formula, found.notes) == ("Cs1 Cl1", ())


@pytest.mark.parametrize("mode", ["Direct", "Cartesian"])
def test_three_scaling_factors_are_one_for_each_axis(tmp_path: Path, mode: str) -> None:
    text = f"x\n1.0 2.0 3.0\n{CELL}Cs Cl\n1 1\n{mode}\n0 0 0\n.5 .5 .5\n"
    found = crystal(poscar(tmp_path, text)).structure
    assert found.lattice.abc == pytest.approx((3.9, 7.8, 11.7))
    moved = found.frac_coords[1] if mode == "Direct" else found.cart_coords[1] / (1, 2, 3)
    assert moved == pytest.approx([0.5, 0.5, 0.5])


@pytest.mark.parametrize(
    ("symbols", "counts", "said"),
    [("Cs Cl", "2", "2 symbols, but 1 counts"), ("Cs Cl", "1 1", "more coordinates follow")],
)
def test_symbols_counts_and_coordinates_agree(
    tmp_path: Path, symbols: str, counts: str, said: str
) -> None:
    text = f"x\n1.0\n{CELL}{symbols}\n{counts}\nDirect\n" + "\n".join(FOUR[:3])
    with pytest.raises(InputError, match=said):
        parse_poscar(poscar(tmp_path, text))


def test_velocities_and_hashes_of_potcars_are_no_fault(tmp_path: Path) -> None:
    text = f"x\n1.0\n{CELL}Cs_sv/12ab Cl/34cd\n1 1\nDirect\n0 0 0\n.5 .5 .5\n\n0 0 0\n0 0 0\n"
    assert crystal(poscar(tmp_path, text)).structure.formula == "Cs1 Cl1"
