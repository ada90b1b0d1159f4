"""What can be known to be wrong about the interpretations of a campaign before any work."""

from __future__ import annotations

from collections.abc import Callable, Collection

from dao_core.errors import InputError, concerning
from dao_core.interpretation.settings import AskedOfPotential
from dao_core.potentials import Potential
from flows.campaign.interpreting.settings import Interpretations


def check_interpretations(
    asked: Interpretations, elements: Collection[str], load: Callable[[str], Potential]
) -> None:
    """Make sure that everything that is asked for can be made.

    Args:
        asked: The kinds with their settings.
        elements: Symbols of the chemical system.
        load: Loads a potential by its name.

    Raises:
        DaoError: A potential cannot be loaded, or an element is not of the system; with the name
            of the setting.
    """
    for kind, settings in asked.asked():
        if isinstance(settings, AskedOfPotential) and settings.potential is not None:
            with concerning(f"interpret.{kind}.potential"):
                load(settings.potential)
    network = asked.network
    if network is not None and network.symbol not in elements:
        with concerning("interpret.network.symbol"):
            raise InputError(f"{network.symbol} is not among {', '.join(sorted(elements))}")
