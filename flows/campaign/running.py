"""A campaign that is being run: its request, models, plan and store, opened together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from pymatgen.core import Composition

from dao_core.potentials import Domain, load_potential
from dao_core.relax import RelaxSettings
from dao_core.search.compositions import CompositionCell, parse_target
from dao_core.search.sources import CandidateSource, Proposal
from flows.campaign.cells import reference_cells, wanted_cells
from flows.campaign.files import default_folder
from flows.campaign.ledger import Ledger
from flows.campaign.plan import Share, own_provenance, own_share, share_out
from flows.campaign.preflight import (
    check_output_folder,
    domain_warnings,
    read_own_structures,
)
from flows.campaign.request import CampaignRequest, content_key
from flows.campaign.sources import open_source
from flows.versions import versions
from stores import open_store
from stores.documents import CampaignDocument, utc_now

RELAX_SETTINGS = RelaxSettings()
"""What every campaign relaxes with; part of the identity of every relaxation."""

REFERENCES_PER_CELL = 2
"""Candidates of each cell that is only there for the hull."""

potential_named = lru_cache(maxsize=2)(load_potential)


class Campaign:
    """A campaign with everything that its stages need.

    It travels to another process as its request alone and is opened again there.

    Attributes:
        request: What is wanted.
        target: The parsed chemical system or formulas.
        potential: What screens, relaxes and ranks.
        sources: Sources of candidates by name.
        models: Hash of the model behind each source of candidates, ``""`` where there is none.
        cells: Compositions with their formula units.
        shares: What each source is asked for, the user's own structures included.
        own: The user's structures by key of their share.
        failures: Files that cannot take part.
        warnings: What the reader must know.
        campaign_id: Follows from all of the above.
        store: Where everything is written.
        ledger: Which batches are done.
    """

    def __init__(self, request: CampaignRequest) -> None:
        """Check the request and open what it needs, the cheap checks first.

        Raises:
            DaoError: Something is wrong with the request, or is missing on this machine.
        """
        self.request = request
        self.target = parse_target(request.targets)
        own = read_own_structures(request.seed_structures, self.target.elements)
        self.failures = own.failures
        check_output_folder(Path(request.out or "."))
        self.store = open_store(request.store)
        self.potential = potential_named(request.potential)
        self.sources: dict[str, CandidateSource] = {
            name: open_source(name) for name in request.sources
        }
        self.models: dict[str, str] = {
            name: getattr(source, "checkpoint_hash", "") for name, source in self.sources.items()
        }
        domain = self._domain()
        self.cells = wanted_cells(self.target, request, domain)
        self.warnings = domain_warnings(self.cells, domain, force=request.force)
        self.own = {own_share(named).key: named for named in own.usable}
        self.shares = self._shares()
        self.campaign_id = self._identity()
        self.ledger = Ledger(self.store, self.campaign_id)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as the request: stores and models are opened where they arrive."""
        return Campaign, (self.request,)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.store.close()

    @property
    def level(self) -> str:
        """Level of every energy of the campaign."""
        return self.potential.level

    @property
    def system(self) -> str:
        """What was asked for, in one word fit for names of files and runs."""
        return self.chemsys if self.target.is_system else "_".join(self.request.targets)[:40]

    @property
    def chemsys(self) -> str:
        """The chemical system, elements sorted: ``Mg-O``."""
        return "-".join(sorted(self.target.elements))

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
            level=self.level,
            settings=self._settings(),
            seeds={"campaign": self.request.seed},
            versions={
                **versions(),
                **{name: hash_ for name, hash_ in self.models.items() if hash_},
            },
            started=utc_now(),
        )

    def _settings(self) -> dict[str, Any]:
        """All that decides the result, as it stands in the campaign's document."""
        return {
            **self.request.for_identity(),
            "targets": self.target.name,  # O-Mg is Mg-O; how often a formula stands in a cell is z
            "relaxation": asdict(RELAX_SETTINGS),
            "shares": [share.model_dump() for share in self.shares],
        }

    def _identity(self) -> str:
        content = {**self._settings(), "models": self.models, "level": self.level}
        return f"{self.system}-{content_key('k', content)[2:10]}"

    def proposals(self, share: Share) -> Sequence[Proposal]:
        """The candidates that a source has for its share."""
        if share.key in self.own:
            named = self.own[share.key]
            provenance = own_provenance(named)
            return [
                Proposal(named.structure, provenance["origin"], {"content": provenance["content"]})
            ]
        composition = Composition(share.formula) * share.z
        cell = CompositionCell(share.formula, share.z, composition, share.natoms)
        return self.sources[share.source].propose(cell, share.n, self.request.seed)

    def _shares(self) -> list[Share]:
        """Candidates asked for, phases for the hull, and the user's own structures."""
        request = self.request
        references = reference_cells(self.target, self.cells)
        needed = {"template": self.models["template"]} if "template" in self.models else {}
        return [
            *share_out(self.cells, self.models, request.candidates, request.seed),
            *share_out(
                references,
                needed,
                REFERENCES_PER_CELL * len(references),
                request.seed,
                reference=True,
            ),
            *(own_share(named) for named in self.own.values()),
        ]

    def _domain(self) -> Domain:
        """What both the potential and the generator were made for."""
        own = self.potential.domain
        sizes = [own.max_atoms, *(getattr(s, "max_atoms", None) for s in self.sources.values())]
        known = [size for size in sizes if size]
        return Domain(min(known, default=None), own.elements, own.max_pressure)
