"""Formulas and space groups as escaped HTML, which plotly's labels understand as well."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from dao_core.formula import conventional


def formula_markup(formula: str) -> Markup:
    """A formula as chemists print it, numbers as subscripts: ``Mg(HO)2`` is Mg(OH)<sub>2</sub>."""
    return _markup(r"(?<=[A-Za-z)])(\d+(?:\.\d+)?)", conventional(formula))


def space_group_markup(symbol: str) -> Markup:
    """A Hermann-Mauguin symbol with screw axes as subscripts: ``P6_3/mmc``."""
    return _markup(r"_(\d)", symbol)


def _markup(pattern: str, text: str) -> Markup:
    """Escaped text in which the group of each match of the pattern is a subscript."""
    plain_and_subscripts = re.split(pattern, text)
    return Markup("").join(
        Markup("<sub>{}</sub>").format(part) if index % 2 else escape(part)
        for index, part in enumerate(plain_and_subscripts)
    )
