"""A campaign that is being run: its request, models, plan and store, opened together."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from dao_core.errors import concerning
from dao_core.hashing import content_id
from dao_core.potentials import Domain, Potential, load_potential
from dao_core.potentials.choice import AUTO, best_for
from dao_core.search.compositions import parse_target
from dao_core.search.sources import GeneratorSource, TemplateSource, UserSource
from flows.campaign.budgets import budgets
from flows.campaign.cells import first_cells, reference_cells, wanted_cells
from flows.campaign.conditions import RELAX_SETTINGS, Conditions, level_at
from flows.campaign.files import default_folder
from flows.campaign.interpreting.preflight import check_interpretations
from flows.campaign.ledger import Ledger
from flows.campaign.opening import open_sources
from flows.campaign.plan import Share, own_shares, share_out
from flows.campaign.preflight import (
    check_output_folder,
    domain_warnings,
    read_own_structures,
)
from flows.campaign.request import NONE, CampaignRequest
from flows.serving import SHIPPED, Served, model_name, served_models
from flows.versions import versions
from stores import open_store
from stores.documents import CampaignDocument, ModelKind, utc_now

OPENING = (GeneratorSource.name, TemplateSource.name)
"""Sources whose first candidates of a cell are the kinds of crystals that it is likely to take."""
REFERENCES_PER_CELL = 2
"""Candidates of each cell that is only there for the hull."""


loaded_potential = lru_cache(maxsize=4)(load_potential)
"""A campaign's own and those that interpret its best."""


class Campaign:
    """A campaign with everything that its stages need.

    It travels to another process as its request alone and is opened again there.

    Attributes:
        request: What is wanted.
        target: The parsed chemical system or formulas.
        potential: What screens, relaxes and ranks.
        refiner: What relaxes the best on and ranks them, or None.
        refined_conditions: How it relaxes.
        sources: Sources of candidates by name.
        models: Hash of the model behind each source of candidates, ``""`` where there is none.
        cells: Compositions with their formula units.
        shares: What each source is asked for in the first round, the user's own structures
            included.
        own: The user's structures.
        failures: Files that cannot take part.
        warnings: What the reader must know.
        campaign_id: Follows from all of the above.
        served: The models behind ``dao-p`` and ``dao-g``; they stay those of the beginning.
        store: Where everything is written.
        ledger: Which batches are done.
    """

    def __init__(self, request: CampaignRequest, served: Served | None = None) -> None:
        """Check the request and open what it needs, the cheap checks first.

        Args:
            request: What is wanted.
            served: The models that ``dao-p`` and ``dao-g`` mean; None for those that serve now.

        Raises:
            DaoError: Something is wrong with the request, or is missing on this machine.
        """
        self.request = request
        self.target = parse_target(request.targets)
        with concerning("seed_structures"):
            own = read_own_structures(request.seed_structures, self.target.elements)
        self.failures = own.failures
        with concerning("out"):
            check_output_folder(Path(request.out or "."))
        with concerning("store"):
            self.store = open_store(request.store)
        self.served = served_models(self.store) if served is None else served
        with concerning("potential"):
            self.potential = loaded_potential(self._potential_name(request.potential))
        with concerning("refine"):
            self.refiner = self._refiner()
        check_interpretations(request.interpret, self.target.elements, self.potential_named)
        generator = model_name(self.store, "generator", self.served)
        self.sources = open_sources(request, generator)
        self.conditions = Conditions(
            level_at(self.potential.level, request.pressure),
            replace(RELAX_SETTINGS, pressure=request.pressure),
            searching=True,
        )
        self.refined_conditions = replace(
            self.conditions,
            level=level_at((self.refiner or self.potential).level, request.pressure),
            searching=False,
        )
        self.models: dict[str, str] = {
            name: getattr(self.sources.get(name), "checkpoint_hash", "")
            for name in request.all_sources
        }
        self.variants: dict[str, str] = {
            name: getattr(self.sources.get(name), "variant", "") for name in request.all_sources
        }
        domain = self._domain()
        self.cells = wanted_cells(self.target, request, domain)
        self.warnings = domain_warnings(
            self.cells, domain, pressure=request.pressure, force=request.force
        )
        self.warnings += self._refinement_warnings()
        self.own = UserSource(own.usable)
        self.shares = self._shares()
        self.campaign_id = self._identity()
        self.ledger = Ledger(self.store, self.campaign_id)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as the request: stores and models are opened where they arrive."""
        return arrived, (self.request, tuple(self.served.items()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.store.close()

    @property
    def level(self) -> str:
        """Level of every energy of the campaign; under pressure these are enthalpies."""
        return self.conditions.level

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

    @property
    def system(self) -> str:
        """What was asked for, in one word fit for names of files and runs."""
        return self.chemsys if self.target.is_system else "_".join(self.request.targets)[:40]

    @property
    def chemsys(self) -> str:
        """The chemical system, elements sorted: ``Mg-O``."""
        return self.target.chemsys

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
            settings=self._settings(),
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

    def _refiner(self) -> Potential | None:
        """The potential that relaxes the best on, on the scale of the hull."""
        request, name = self.request, self.request.refine
        if name == AUTO:
            if not request.potential.startswith(SHIPPED["predictor"]):
                return None  # who names a potential wants its ranking
            name = best_for("refinement", self.target.elements, request.pressure) or NONE
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

    def _settings(self) -> dict[str, Any]:
        """All that decides the result, as it stands in the campaign's document."""
        return {
            **self.request.for_identity(),
            "targets": self.target.name,  # O-Mg is Mg-O; how often a formula stands in a cell is z
            "relaxation": self.conditions.as_dict(),
            "shares": [share.model_dump() for share in self.shares],
        }

    def _identity(self) -> str:
        content = {
            **self._settings(), "models": self.models, "variants": self.variants,
            "level": self.level,
        }  # fmt: skip
        if self.refiner is not None:
            content["refined_level"] = self.refined_level
        return f"{self.system}-{content_id('k', content)[2:10]}"

    def _shares(self) -> list[Share]:
        """Candidates asked for, phases for the hull, and the user's own structures."""
        request = self.request
        references = reference_cells(self.target, self.cells)
        first = {name: self.models[name] for name in self._first_sources()}
        needed = {"template": self.models["template"]} if "template" in self.models else {}
        return [
            *share_out(
                first_cells(self.cells, request),
                first,
                budgets(request)[0].candidates,
                request.seed,
                variants=self.variants,
            ),
            *share_out(
                references,
                needed,
                REFERENCES_PER_CELL * len(references),
                request.seed,
                reference=True,
            ),
            *own_shares(self.own, request.seed),
        ]

    def _first_sources(self) -> list[str]:
        """What knows crystals opens a search; where there is but one round, all are asked."""
        opening = [name for name in self.sources if name in OPENING]
        return opening if opening and len(budgets(self.request)) > 1 else list(self.sources)

    def _domain(self) -> Domain:
        """What both the potential and the generator were made for."""
        own = self.potential.domain
        sizes = [own.max_atoms, *(getattr(s, "max_atoms", None) for s in self.sources.values())]
        known = [size for size in sizes if size]
        return replace(own, max_atoms=min(known, default=None))


@lru_cache(maxsize=2)
def arrived(request: CampaignRequest, served: tuple[tuple[ModelKind, str], ...]) -> Campaign:
    """A campaign on another machine, opened there once for all of its tasks."""
    return Campaign(request, dict(served))
