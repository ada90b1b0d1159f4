"""A campaign that is being run: a search whose memory is a store, with the models that serve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from dao_core.errors import concerning
from dao_core.potentials import Potential
from dao_core.potentials.choice import AUTO, best_for
from dao_core.search.compositions import parse_target
from dao_core.search.conditions import Conditions, level_at
from dao_core.search.preflight import domain_warnings
from dao_core.search.search import Search
from dao_core.search.setup import loaded_potential
from dao_core.versions import versions
from dao_core.writable import check_output_folder
from flows.campaign.files import default_folder
from flows.campaign.interpreting.preflight import check_interpretations
from flows.campaign.request import NONE, CampaignRequest
from flows.serving import SHIPPED, Served, model_name, served_models
from stores import open_store
from stores.documents import CampaignDocument, ModelKind, utc_now
from stores.search_memory import StoreMemory


class Campaign(Search):
    """A search in a store.

    It travels to another process as its request alone and is opened again there.

    Attributes:
        request: What is wanted, interpretation and DFT included.
        refiner: What relaxes the best on and ranks them, or None.
        served: The models behind ``dao-p`` and ``dao-g``; they stay those of the beginning.
        store: Where everything is written.
    """

    request: CampaignRequest

    def __init__(self, request: CampaignRequest, served: Served | None = None) -> None:
        """Check the request and open what it needs, the cheap checks first.

        Args:
            request: What is wanted.
            served: The models that ``dao-p`` and ``dao-g`` mean; None for those that serve now.

        Raises:
            DaoError: Something is wrong with the request, or is missing on this machine.
        """
        with concerning("out"):
            check_output_folder(Path(request.out or "."))
        with concerning("store"):
            self.store = open_store(request.store)
        self.request = request
        self.served = served_models(self.store) if served is None else served
        with concerning("refine"):
            self.refiner = self._refiner(parse_target(request.targets).elements)
        super().__init__(
            request,
            StoreMemory(self.store),
            potential=self._potential_name(request.potential),
            generator=model_name(self.store, "generator", self.served),
        )
        self.warnings += self._refinement_warnings()
        check_interpretations(request.interpret, self.target.elements, self.potential_named)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as the request: stores and models are opened where they arrive."""
        return arrived, (self.request, tuple(self.served.items()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.store.close()

    @property
    def campaign_id(self) -> str:
        """Id of the search, by which the store knows the campaign."""
        return self.search_id

    @property
    def refined_conditions(self) -> Conditions:
        """How the potential that refines relaxes; those of the search at its level without one."""
        level = level_at((self.refiner or self.potential).level, self.request.pressure)
        return replace(self.conditions, level=level, searching=False)

    @property
    def refined_level(self) -> str:
        """Level of the energies of the ranking: that of the search where nothing is refined."""
        return self.refined_conditions.level

    @property
    def refined_with(self) -> Potential:
        """The potential that refines.

        Raises:
            ValueError: there is none.
        """
        if self.refiner is None:
            raise ValueError(f"{self.campaign_id} has no refinement")
        return self.refiner

    def deciding(self) -> dict[str, Any]:
        """The level of a refinement decides the ranking too."""
        if self.refiner is None:
            return {}
        return {"refined_level": level_at(self.refiner.level, self.request.pressure)}

    @property
    def folder(self) -> Path:
        """Where the files of the campaign go."""
        return Path(self.request.out or default_folder(self.campaign_id))

    def document(self) -> CampaignDocument:
        """What the store knows of this campaign, or a new document."""
        return self.store.get(CampaignDocument, self.campaign_id) or CampaignDocument(
            campaign_id=self.campaign_id,
            target=list(self.request.targets),
            chemsys=self.chemsys,
            level=self.refined_level,
            settings=self.settings(),
            seeds={"campaign": self.request.seed},
            versions={
                **versions(),
                **{name: hash_ for name, hash_ in self.models.items() if hash_},
            },
            started=utc_now(),
        )

    def potential_named(self, name: str | None) -> Potential:
        """A potential that interprets; None is the campaign's own."""
        return self.potential if name is None else loaded_potential(self._potential_name(name))

    def _refiner(self, elements: Sequence[str]) -> Potential | None:
        """The potential that relaxes the best on, on the scale of the hull."""
        request, name = self.request, self.request.refine
        if name == AUTO:
            if not request.potential.startswith(SHIPPED["predictor"]):
                return None  # who names a potential wants its ranking
            name = best_for("refinement", elements, request.pressure) or NONE
        return None if name == NONE else loaded_potential(self._potential_name(name))

    def _refinement_warnings(self) -> list[str]:
        """Where the refinement leaves its domain, or that nothing is there to refine with."""
        request = self.request
        if self.refiner is not None:
            found = domain_warnings(
                self.cells, self.refiner.domain, pressure=request.pressure, force=True
            )
            return [f"refinement: {warning}" for warning in found]
        if request.refine != AUTO or not request.potential.startswith(SHIPPED["predictor"]):
            return []
        warning = (
            f"not refined: no installed potential is fit for {self.chemsys} at "
            f"{request.pressure:g} GPa (`dao doctor` lists them)"
        )
        return [warning]

    def _potential_name(self, name: str) -> str:
        """The potential asked for; ``dao-p`` is the one that serves."""
        if name != SHIPPED["predictor"] or "predictor" not in self.served:
            return name
        return f"{name}:{model_name(self.store, 'predictor', self.served)}"


@lru_cache(maxsize=2)
def arrived(request: CampaignRequest, served: tuple[tuple[ModelKind, str], ...]) -> Campaign:
    """A campaign on another machine, opened there once for all of its tasks."""
    return Campaign(request, dict(served))
