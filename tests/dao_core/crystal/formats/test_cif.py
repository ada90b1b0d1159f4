"""CIFs as people bring them: what contradicts the file is refused, what is open is told."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dao_core.crystal.formats.cif import parse_cif_text
from dao_core.crystal.formats.parsed import Parsed
from dao_core.errors import InputError

FLUORITE = ("Ca1 Ca 0 0 0", "F1 F 0.25 0.25 0.25")
DIAMOND = ("C1 C 0.125 0.125 0.125",)
COLUMNS = ("label", "type_symbol", "fract_x", "fract_y", "fract_z")


def cif(
    rows: Sequence[str],
    *,
    cell: str = "5.46 5.46 5.46 90 90 90",
    symbol: str = "F m -3 m",
    columns: Sequence[str] = COLUMNS,
    more: str = "",
) -> str:
    """A CIF whose symmetry is said by a symbol alone."""
    names = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
    lines = [f"_cell_{name} {value}" for name, value in zip(names, cell.split(), strict=True)]
    heads = [f"_atom_site_{name}" for name in columns]
    return "\n".join(["data_x", *lines, f"_symmetry_space_group_name_H-M '{symbol}'", more,
                      "loop_", *heads, *rows, ""])  # fmt: skip


def crystal(text: str) -> Parsed:
    """The one crystal of a text."""
    (found,) = parse_cif_text(text)
    assert isinstance(found, Parsed), found
    return found


def reason(text: str) -> str:
    """Why the one block of a text has none."""
    (found,) = parse_cif_text(text)
    assert isinstance(found, str), found.structure.formula
    return found


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("_chemical_formula_sum 'Ca F2 H2 O'", "its formula is Ca F2 H2 O, but its atoms make"),
        ("_chemical_formula_sum 'Ca F'", "its formula is Ca F,"),
        ("_chemical_formula_sum 'Ca F2'\n_cell_formula_units_Z 2", "Z = 2 of Ca F2 are 6 atoms"),
    ],
)
def test_what_contradicts_formula_or_z_is_refused_with_both(more: str, said: str) -> None:
    assert said in reason(cif(FLUORITE, more=more))


@pytest.mark.parametrize("z", ["4", "?"])
@pytest.mark.parametrize("formula", ["'Ca F2'", "'Ca4 F8'", "'?'"])
def test_what_agrees_is_read(formula: str, z: str) -> None:
    text = cif(FLUORITE, more=f"_chemical_formula_sum {formula}\n_cell_formula_units_Z {z}")
    assert crystal(text).structure.formula == "Ca4 F8"
    assert crystal(text).notes == ()


@pytest.mark.parametrize(
    ("rows", "columns", "said"),
    [
        (["Ca1 Ca 0 0 0", "F1 F ? ? ?"], COLUMNS, "coordinate of F1 is '?'"),
        (["Ca1 Ca 0 0 0 1.03"], (*COLUMNS, "occupancy"), "occupancy of Ca1 is 1.03"),
        (["Ca1 Ca 0 0 0 0", "O1 O .5 .5 .5 2"], (*COLUMNS, "attached_hydrogens"), "hydrogen"),
        (["W1 Wat 0 0 0"], COLUMNS, "stands for Wat"),
        (["Q1 Q 0 0 0"], COLUMNS, "'Q' names no element"),
        (["Ca1 Ca 0 0 0"], ("label", "type_symbol", "Cartn_x", "Cartn_y", "Cartn_z"), "Cartesian"),
    ],
)
def test_the_reason_names_the_cause(rows: list[str], columns: Sequence[str], said: str) -> None:
    assert said in reason(cif(rows, columns=columns))


def test_a_cell_that_closes_nowhere_is_named() -> None:
    assert "20, 20, 120 make no cell" in reason(cif(FLUORITE, cell="5 5 5 20 20 120"))


@pytest.mark.parametrize(("written", "notes"), [("0.9998", 0), (".", 2), ("?", 2)])
def test_occupancies_that_mean_one(written: str, notes: int) -> None:
    rows = [f"{row} {written}" for row in FLUORITE]
    found = crystal(cif(rows, columns=(*COLUMNS, "occupancy")))
    assert found.structure.formula == "Ca4 F8"
    assert len(found.notes) == notes


def test_a_partly_empty_site_stays_one() -> None:
    rows = [f"{row} {share}" for row, share in zip(FLUORITE, ("1", "0.9"), strict=True)]
    assert not crystal(cif(rows, columns=(*COLUMNS, "occupancy"))).structure.is_ordered


@pytest.mark.parametrize(
    ("x", "y"), [("0.333(1)", "0.667(1)"), ("0.33", "0.67"), ("0.3333", ".6667")]
)
def test_rounded_thirds_are_special_positions(x: str, y: str) -> None:
    rows = ["Cd1 Cd2+ 0 0 0", f"I1 I1- {x} {y} 0.249(3)"]
    found = crystal(cif(rows, cell="4.24(1) 4.24(1) 6.84(2) 90. 90.0 120", symbol="P -3 m 1"))
    assert found.structure.formula == "Cd1 I2"


def test_rounded_doubles_are_special_positions() -> None:
    """x, 2x, z of a trigonal group, rounded apart: 0.168, 0.337."""
    rows = ["Na1 Na 0 0 0", "O1 O 0.168 0.337 0.123"]
    found = crystal(cif(rows, cell="6 6 8 90 90 120", symbol="P -3 m 1"))
    assert found.structure.formula == "Na1 O6"


@pytest.mark.parametrize(
    ("symbol", "more", "atoms"),
    [
        ("F d -3 m :2", "", 8),
        ("F d -3 m :1", "", 16),
        ("F d -3 m Z", "", 8),
        ("F d 3 m S", "", 16),
        ("F d -3 m", "_chemical_formula_sum C\n_cell_formula_units_Z 8", 8),
        ("?", "_space_group_name_Hall '-F 4vw 2vw 3'", 8),
    ],
)
def test_origins_follow_the_symbol_or_what_the_file_says(
    symbol: str, more: str, atoms: int
) -> None:
    found = crystal(cif(DIAMOND, cell="3.57 3.57 3.57 90 90 90", symbol=symbol, more=more))
    assert len(found.structure) == atoms
    assert found.notes == ()


def test_an_origin_that_nothing_decides_is_asked_for() -> None:
    said = reason(cif(DIAMOND, cell="5.43 5.43 5.43 90 90 90", symbol="F d -3 m"))
    assert "several settings" in said
    assert "C8, C16" in said or "C16, C8" in said


@pytest.mark.parametrize(
    ("cell", "atoms"),
    [("3.76 3.76 10.55 90 90 120", 6), ("4.131 4.131 4.131 54.13 54.13 54.13", 2)],
)
def test_axes_of_a_trigonal_group_follow_from_the_cell(cell: str, atoms: int) -> None:
    place = "0 0 0.227" if "120" in cell else "0.227 0.227 0.227"
    found = crystal(cif([f"Sb1 Sb {place}"], cell=cell, symbol="R -3 m"))
    assert len(found.structure) == atoms


@pytest.mark.parametrize("symbol", ["P 21/n", "P 1 21/n 1", "P2_1/n", "P 1 21/n 1 :b2"])
def test_settings_of_a_monoclinic_group(symbol: str) -> None:
    found = crystal(cif(["Zr1 Zr 0.1 0.2 0.3"], cell="5 6 7 90 99 90", symbol=symbol))
    coordinates = {tuple(row.round(6)) for row in found.structure.frac_coords % 1}
    assert (0.6, 0.3, 0.8) in coordinates  # x+1/2, -y+1/2, z+1/2


def test_a_cell_that_has_not_the_symmetry_of_its_symbol_is_refused() -> None:
    assert "does not have the symmetry" in reason(cif(FLUORITE, cell="5 5 7 90 90 90"))


def test_identity_alone_is_held_against_the_name() -> None:
    more = "loop_\n_symmetry_equiv_pos_as_xyz\n'x,y,z'"
    told = crystal(cif(FLUORITE, more=more))
    assert told.structure.formula == "Ca1 F1"
    assert "lists the identity alone" in told.notes[0]
    more = f"_chemical_formula_sum 'Ca F2'\n{more}"
    assert crystal(cif(FLUORITE, more=more)).structure.formula == "Ca4 F8"


@pytest.mark.parametrize(
    ("labels", "formula", "made", "notes"),
    [
        (("Ca1", "F_s"), "?", "Ca4 F8", 0),
        (("CA1", "F-h"), "'Ca F2'", "Ca4 F8", 1),
        (("Ca", "HO1"), "'Ca H2'", "Ca4 H8", 1),
        (("Ca", "D1"), "'Ca D2'", "Ca4 H8", 1),
    ],
)
def test_labels_without_types_are_read_by_the_formula(
    labels: tuple[str, str], formula: str, made: str, notes: int
) -> None:
    rows = [f"{labels[0]} 0 0 0", f"{labels[1]} 0.25 0.25 0.25"]
    columns = tuple(name for name in COLUMNS if name != "type_symbol")
    found = crystal(cif(rows, columns=columns, more=f"_chemical_formula_sum {formula}"))
    assert found.structure.formula == made
    assert len(found.notes) == notes


def test_multiplicities_that_are_not_made_are_told() -> None:
    rows = ["Ca1 Ca 0 0 0 4", "F1 F 0.25 0.25 0.25 24"]
    found = crystal(cif(rows, columns=(*COLUMNS, "symmetry_multiplicity")))
    assert found.notes == ("F1 stands for 24 atoms in the file, but 8 were made",)


def test_blocks_without_a_cell_are_passed_over_and_equal_names_are_two_blocks() -> None:
    text = "data_global\n_publ_author_name 'A'\n" + cif(FLUORITE) + cif(DIAMOND, symbol="P 1")
    assert [one.structure.formula for one in parse_cif_text(text) if isinstance(one, Parsed)] == [
        "Ca4 F8",
        "C1",
    ]
    with pytest.raises(InputError, match="no data block"):
        parse_cif_text("data_global\n_publ_author_name 'A'\n")
