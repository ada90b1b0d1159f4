"""Which potential for which purpose, from what was measured: this is what ``auto`` means."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from dao_core.potentials.catalogue import CATALOGUE

AUTO = "auto"
"""In the place of a name: the best that is installed for the purpose."""
Purpose = Literal["refinement", "phonons", "surfaces", "defects", "hydrides"]
BY_PURPOSE: dict[Purpose, tuple[str, ...]] = {
    "refinement": ("sevennet-0", "chgnet"),
    "phonons": ("sevennet-0", "chgnet"),
    "surfaces": ("sevennet-l3i5", "sevennet-0", "chgnet"),
    "defects": ("sevennet-l3i5", "sevennet-0", "chgnet"),
    "hydrides": ("chgnet",),
}
"""Names for each purpose, the best first. Orders of polymorphs and phonons speak for SevenNet-0,
dimers of Si(001) and the vacancy of MgO for l3i5. Dense hydrides such as H3S collapse in it, so
that it is never asked about them."""


def best_for(purpose: Purpose, elements: Collection[str] = (), pressure: float = 0.0) -> str | None:
    """The best installed potential for a purpose.

    Args:
        purpose: what it is for.
        elements: symbols of the crystals; with H under pressure they are hydrides.
        pressure: GPa.

    Returns:
        Its name, or None where nothing that is installed is fit.
    """
    if "H" in elements and pressure > 0:
        purpose = "hydrides"
    fit = (
        name
        for name in BY_PURPOSE[purpose]
        if CATALOGUE[name].installed and pressure <= (CATALOGUE[name].max_pressure or 0.0)
    )
    return next(fit, None)
