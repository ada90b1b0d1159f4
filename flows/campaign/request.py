"""What a campaign is asked to do beyond its search: interpretation, DFT, and where it is kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from dao_core.errors import InputError
from dao_core.forms import FORM
from dao_core.potentials.catalogue import check_name
from dao_core.potentials.choice import AUTO
from dao_core.search.request import SearchRequest
from flows.campaign.interpreting.settings import Interpretations
from flows.store_address import StoreAddress

NONE = "none"
"""In the place of a potential that refines: there is no refinement."""
MAX_HOURS = 24.0 * 366
"""Longer than a year nobody waits for an answer, nor can every clock tell."""
OF_DFT = ("dft_budget", "dft_protocol", "dft_core_hours", "approve", "approve_hours")


class CampaignRequest(SearchRequest):
    """The settings of one campaign, from the command line, a YAML file or a Prefect form.

    Attributes:
        refine: Potential that the best are relaxed on with and ranked by: ``auto`` is the best that
            is installed where DAO-P searches, ``none`` leaves them as the search found them.
        second_opinion: A further potential whose disagreement about the ranked structures widens
            or narrows the doubt about their order; it ranks nothing.
        interpret: What is found out about the best when the ranking stands, and at which level.
        dft: Whether the best are checked by DFT, and with which program.
        dft_budget: How many of the best are checked; with ``dft_core_hours`` in a batch, each of
            which is chosen by what those before it taught.
        dft_protocol: Accuracy of the checks.
        dft_core_hours: Core-hours that the checks may cost: batch follows batch until they are
            spent, or fewer than half a phase is believed to be left; None for one batch.
        announce: How many of the best are announced on the Prefect server when the ranking stands:
            the deployment ``validate`` checks them on a worker of the pool ``dft``.
        approve: Whether the checks start by themselves or somebody is asked first.
        approve_hours: How long a server waits for the answer; after it there is no DFT.
        store: URI of the store; None is the embedded one.
        out: Folder for the files; None is ``campaigns/<campaign_id>`` here.
    """

    model_config = FORM

    not_deciding: ClassVar[Collection[str]] = {
        *SearchRequest.not_deciding, "store", "out", "interpret", "dft", *OF_DFT, "announce",
    }  # fmt: skip
    needs: ClassVar[Mapping[str, str]] = {**SearchRequest.needs, **dict.fromkeys(OF_DFT, "dft")}

    refine: str = "auto"
    second_opinion: str | None = None
    interpret: Interpretations = Interpretations()
    dft: Literal["none", "qe", "vasp"] = "none"
    dft_budget: int = Field(default=5, ge=1, le=10_000)
    dft_protocol: Literal["fast", "balanced", "stringent"] = "fast"
    dft_core_hours: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    announce: int = Field(default=0, ge=0, le=10_000)
    approve: Literal["auto", "ask"] = "auto"
    approve_hours: float = Field(default=24.0, gt=0, le=MAX_HOURS)
    store: StoreAddress | None = None
    out: str | None = None

    @field_validator("refine", "second_opinion")
    @classmethod
    def _named_refiner(cls, value: str | None) -> str | None:
        """Refuse a misspelt potential where it stands."""
        if value is not None and value not in {AUTO, NONE}:
            try:
                check_name(value)
            except InputError as error:
                raise ValueError(str(error)) from error
        return value

    def for_identity(self) -> dict[str, Any]:
        """The settings that decide the result; a second opinion only where one is asked for."""
        settings = super().for_identity()
        if self.second_opinion is None:
            settings.pop("second_opinion", None)
        return settings
