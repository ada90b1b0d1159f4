"""Formulas as people type them, and as chemists print them."""

from __future__ import annotations

import pytest

from dao_core.errors import InputError
from dao_core.formula import canonical, conventional, parse_formula


@pytest.mark.parametrize(
    ("text", "formula", "reduced"),
    [
        ("Ba(OH)2", "Ba1 H2 O2", "Ba(HO)2"),
        ("FNa", "Na1 F1", "NaF"),
        ("ZrO₂", "Zr1 O2", "ZrO2"),
        ("ZrO_2", "Zr1 O2", "ZrO2"),
        ("Zr$_{2}$O", "Zr2 O1", "Zr2O"),
        ("MgSO4·7H2O", "Mg1 H14 S1 O11", "MgH14SO11"),
        ("MgSO4.7H2O", "Mg1 H14 S1 O11", "MgH14SO11"),
        ("CaSO4.0.5H2O", None, "Ca2S2O9H2"),
        ("K3[Fe(CN)6]", "K3 Fe1 C6 N6", "K3Fe(CN)6"),
        ("D2O", "H2 O1", "H2O"),
        ("Co", "Co1", "Co"),
        ("CO", "C1 O1", "CO"),
        ("Na0.5CoO2", None, "NaCo2O4"),
        ("Zn0.25Mg0.75O", None, "ZnMg3O4"),
        ("kbr", None, "did you mean KBr?"),
        ("KBR", None, "did you mean KBr?"),
        ("zno2", None, "did you mean ZnO2?"),
        ("co", None, "did you mean Co or CO?"),
        ("Zn0O", None, "whole, positive"),
        ("Zn0", None, "whole, positive"),
        ("Zn(O", None, "malformed"),
        ("Zn(O]2", None, "malformed"),
        ("Zn2+", None, "malformed"),
        ("", None, "malformed"),
        ("()", None, "malformed"),
    ],
)
def test_a_formula_is_read_or_the_reason_helps(
    text: str, formula: str | None, reduced: str
) -> None:
    if formula is None:
        with pytest.raises(InputError, match=reduced.replace("?", r"\?")):
            parse_formula(text)
    else:
        assert parse_formula(text).formula == formula
        assert canonical(text) == reduced


@pytest.mark.parametrize(
    ("canonical_form", "printed"),
    [
        ("Ba(HO)2", "Ba(OH)2"),
        ("KHO", "KOH"),
        ("H4C", "CH4"),
        ("H3N", "NH3"),
        ("H4NCl", "NH4Cl"),
        ("HCN", "HCN"),
        ("HNO3", "HNO3"),
        ("H2CO3", "H2CO3"),
        ("H2O", "H2O"),
        ("HoO", "HoO"),
        ("RhO", "RhO"),
        ("AlHO2", "AlHO2"),
    ],
)
def test_print_is_conventional(canonical_form: str, printed: str) -> None:
    assert conventional(canonical_form) == printed
    assert canonical(printed) == canonical_form
