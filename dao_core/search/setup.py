"""A search with everything that its stages need: request, models, plan and memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from dao_core.errors import concerning
from dao_core.hashing import content_id
from dao_core.potentials import Domain, Potential, load_potential
from dao_core.search.cells import first_cells, reference_cells, wanted_cells
from dao_core.search.compositions import parse_target
from dao_core.search.conditions import RELAX_SETTINGS, Conditions, level_at
from dao_core.search.memory import SearchMemory
from dao_core.search.opening import open_sources
from dao_core.search.preflight import domain_warnings, read_own_structures
from dao_core.search.request import SearchRequest
from dao_core.search.rounds import budgets
from dao_core.search.share import Share, own_shares, share_out
from dao_core.search.sources import UserSource

REFERENCES_PER_CELL = 2
"""Candidates of each cell that is only there for the hull."""
GENERATOR = "dao-g"
"""The shipped generator."""

loaded_potential = lru_cache(maxsize=4)(load_potential)
"""A search's own and those that interpret its best."""


class SearchSetup:
    """What is wanted, what does it, and what remembers it.

    Attributes:
        request: What is wanted.
        target: The parsed chemical system or formulas.
        memory: What is known and done.
        potential: What screens, relaxes and ranks.
        sources: Sources of candidates by name.
        models: Hash of the model behind each source of candidates, ``""`` where there is none.
        variants: What guides each source or is held in it, may be ``""``.
        conditions: How candidates are relaxed.
        cells: Compositions with their formula units.
        shares: What each source is asked for in the first round, the user's own structures
            included.
        own: The user's structures.
        failures: Files that cannot take part.
        warnings: What the reader must know.
        search_id: Follows from all of the above.
    """

    def __init__(
        self,
        request: SearchRequest,
        memory: SearchMemory,
        *,
        potential: str | None = None,
        generator: str = GENERATOR,
    ) -> None:
        """Check the request and open what it needs, the cheap checks first.

        Args:
            request: What is wanted.
            memory: What is known and done.
            potential: Name of the potential; None for that of the request.
            generator: Name or file of the model behind ``dao-g``.

        Raises:
            DaoError: Something is wrong with the request, or is missing on this machine.
        """
        self.request = request
        self.memory = memory
        self.target = parse_target(request.targets)
        with concerning("seed_structures"):
            own = read_own_structures(request.seed_structures, self.target.elements)
        self.failures = own.failures
        with concerning("potential"):
            self.potential: Potential = loaded_potential(potential or request.potential)
        self.sources = open_sources(request, generator)
        self.conditions = Conditions(
            level_at(self.potential.level, request.pressure),
            replace(RELAX_SETTINGS, pressure=request.pressure),
            searching=True,
        )
        self.models = self._of_sources("checkpoint_hash")
        self.variants = self._of_sources("variant")
        domain = self._domain()
        self.cells = wanted_cells(self.target, request, domain)
        self.warnings = domain_warnings(
            self.cells, domain, pressure=request.pressure, force=request.force
        )
        self.own = UserSource(own.usable)
        self.shares = self._shares()
        self.search_id = self._identity()

    @property
    def level(self) -> str:
        """Level of every energy of the search; under pressure these are enthalpies."""
        return self.conditions.level

    @property
    def system(self) -> str:
        """What was asked for, in one word fit for names of files and runs."""
        return self.chemsys if self.target.is_system else "_".join(self.request.targets)[:40]

    @property
    def chemsys(self) -> str:
        """The chemical system, elements sorted: ``Mg-O``."""
        return self.target.chemsys

    def record(self, key: str, stage: str, outcome: Mapping[str, Any], seconds: float) -> None:
        """Remember a piece of work of this search as done, what it made being kept already."""
        self.memory.record(key, stage, outcome, seconds, self.search_id)

    def settings(self) -> dict[str, Any]:
        """All that decides the result, JSON values."""
        return {
            **self.request.for_identity(),
            "targets": self.target.name,  # O-Mg is Mg-O; how often a formula stands in a cell is z
            "relaxation": self.conditions.as_dict(),
            "shares": [share.model_dump() for share in self.shares],
        }

    def _identity(self) -> str:
        content = {
            **self.settings(), "models": self.models, "variants": self.variants,
            "level": self.level,
        }  # fmt: skip
        return f"{self.system}-{content_id('k', {**content, **self.deciding()})[2:10]}"

    def deciding(self) -> dict[str, Any]:
        """What else decides the id of a search that is part of something larger, JSON values."""
        return {}

    def _of_sources(self, attribute: str) -> dict[str, str]:
        """What each source that is asked for says of itself, ``""`` where it says nothing."""
        return {
            name: getattr(self.sources.get(name), attribute, "")
            for name in self.request.all_sources
        }

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
        opening = [name for name, source in self.sources.items() if getattr(source, "opens", False)]
        return opening if opening and len(budgets(self.request)) > 1 else list(self.sources)

    def _domain(self) -> Domain:
        """What both the potential and the generator were made for."""
        own = self.potential.domain
        sizes = [own.max_atoms, *(getattr(s, "max_atoms", None) for s in self.sources.values())]
        known = [size for size in sizes if size]
        return replace(own, max_atoms=min(known, default=None))
