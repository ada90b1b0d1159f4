"""Which interpretations a campaign makes of its best structures, and at which level each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from dao_core.forms import FORM
from dao_core.interpretation.settings import (
    MOST,
    Asked,
    Defects,
    Network,
    Phonons,
    Pressure,
    Surface,
)
from flows.validation.settings import DftSettings


class Electrons(DftSettings, Asked):
    """States, charges, localisation: a static run by DFT.

    Attributes:
        best: Of how many of the best structures.
        workflow: Crystals stay as they are.
    """

    best: int = Field(default=1, ge=1, le=MOST)
    workflow: Literal["static"] = "static"


def _counted(value: Any) -> Any:
    """A number where a table of settings is meant: ``phonons: 5`` is ``phonons: {best: 5}``."""
    return {"best": value} if isinstance(value, int) and not isinstance(value, bool) else value


COUNTED = BeforeValidator(_counted)


class Interpretations(BaseModel):
    """The kinds that are asked for; None is not.

    Attributes:
        network: Of one element, in each structure.
        phonons: Dynamic stability and free energies.
        pressure: Enthalpies of polymorphs, transitions.
        surface: Surface energies.
        defects: Formation energies.
        electrons: By DFT.
    """

    model_config = FORM

    network: Annotated[Network | None, COUNTED] = None
    phonons: Annotated[Phonons | None, COUNTED] = None
    pressure: Annotated[Pressure | None, COUNTED] = None
    surface: Annotated[Surface | None, COUNTED] = None
    defects: Annotated[Defects | None, COUNTED] = None
    electrons: Annotated[Electrons | None, COUNTED] = None

    def asked(self) -> Iterator[tuple[str, Asked]]:
        """The kinds that are asked for with their settings, the cheapest first."""
        for kind in type(self).model_fields:
            settings = getattr(self, kind)
            if settings is not None:
                yield kind, settings
