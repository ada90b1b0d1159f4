"""What a campaign is asked to do, validated, and the id that follows from it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import (
    BaseModel,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from dao_core.errors import InputError
from dao_core.potentials.catalogue import check_name
from dao_core.potentials.choice import AUTO
from dao_core.search.target import parse_target
from flows.campaign.interpreting.settings import Interpretations
from flows.forms import FORM
from flows.store_address import StoreAddress
from flows.validation.settings import MAX_PRESSURE

SourceName = Literal["dao-g", "template", "random", "perturbation"]
GUIDED, HELD = "dao-g-guided", "dao-g-held"
"""Sources that come with ``guidance`` and with ``template``."""
NONE = "none"
"""In the place of a potential that refines: there is no refinement."""
MAX_HOURS = 24.0 * 366
"""Longer than a year nobody waits for an answer, nor can every clock tell."""
MAX_CANDIDATES = 50_000
"""A campaign holds all that it proposed in memory, some 20 kB each; more is another seed's."""
MAX_Z = 1000
"""Beyond any cell that could be relaxed; what the models can do is checked against their domain."""


NOT_DECIDING = {
    "store", "out", "force", "seed_structures", "interpret",
    "dft", "dft_budget", "dft_protocol", "dft_core_hours", "approve", "approve_hours",
    "announce",
}  # fmt: skip
"""Settings that leave the ranking as it is: what is found out about one that stands."""
NEEDS = {
    **dict.fromkeys(
        ("dft_budget", "dft_protocol", "dft_core_hours", "approve", "approve_hours"), "dft"
    ),
    "guidance_weight": "guidance",
    "hold": "template",
}
"""Settings that mean nothing without another."""


class CampaignRequest(BaseModel):
    """The settings of one campaign, from the command line, a YAML file or a Prefect form.

    Attributes:
        targets: One chemical system (``Mg-O``) or formulas (``Cr6Os2``).
        candidates: Structures to propose in all, shared among compositions, Z and sources.
        relax: How many of the best by one-shot energy are relaxed.
        z: Formula units per cell, or ``auto``.
        max_atoms: Largest cell to propose; None means a sensible size for the targets.
        seed: Seed of all randomness.
        potential: Name of the potential that screens, relaxes and ranks.
        refine: Potential that the best are relaxed on with and ranked by: ``auto`` is the best that
            is installed where DAO-P searches, ``none`` leaves them as the search found them.
        pressure: External pressure in GPa; enthalpies decide then.
        sources: Where candidates come from; a bandit shares the budget among them.
        guidance: Name or file of a guidance energy: DAO-G guided by it is one more source.
        guidance_weight: Its weight.
        template: File of a crystal of which parts are held: DAO-G around them is one more source.
        hold: Which parts: framework (lattice and sites), sites, lattice, or the space group's
            orbits.
        seed_structures: Files or folders of the user's own structures.
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
        force: Go on outside the domain of the models.
        store: URI of the store; None is the embedded one.
        out: Folder for the files; None is ``campaigns/<campaign_id>`` here.
    """

    model_config = FORM

    targets: tuple[str, ...] = Field(min_length=1)
    candidates: int = Field(default=200, ge=0, le=MAX_CANDIDATES)
    relax: int = Field(default=48, ge=1, le=MAX_CANDIDATES)
    z: Literal["auto"] | tuple[int, ...] = "auto"
    max_atoms: int | None = Field(default=None, ge=1, le=1000)
    seed: int = Field(default=0, ge=0, lt=2**31)
    potential: str = "dao-p"
    refine: str = "auto"
    pressure: float = Field(default=0.0, ge=0, le=MAX_PRESSURE, allow_inf_nan=False)
    sources: tuple[SourceName, ...] = ("dao-g", "template", "perturbation")
    guidance: str | None = None
    guidance_weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    template: str | None = None
    hold: Literal["framework", "sites", "lattice", "orbits"] = "framework"
    seed_structures: tuple[str, ...] = ()
    interpret: Interpretations = Interpretations()
    dft: Literal["none", "qe", "vasp"] = "none"
    dft_budget: int = Field(default=5, ge=1, le=10_000)
    dft_protocol: Literal["fast", "balanced", "stringent"] = "fast"
    dft_core_hours: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    announce: int = Field(default=0, ge=0, le=10_000)
    approve: Literal["auto", "ask"] = "auto"
    approve_hours: float = Field(default=24.0, gt=0, le=MAX_HOURS)
    force: bool = False
    store: StoreAddress | None = None
    out: str | None = None

    @field_validator("targets", "seed_structures", "sources", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        """Take a single word where a list is meant, as YAML writers do."""
        return (value,) if isinstance(value, str) else value

    @field_validator("potential", "refine")
    @classmethod
    def _named_potential(cls, value: str, field: ValidationInfo) -> str:
        """Refuse a misspelt potential where it stands."""
        if field.field_name == "potential" or value not in {AUTO, NONE}:
            try:
                check_name(value)
            except InputError as error:
                raise ValueError(str(error)) from error
        return value

    @field_validator("z", mode="before")
    @classmethod
    def _read_z(cls, value: Any) -> Literal["auto"] | tuple[int, ...]:
        """Take ``1,2,4`` as the command line has it, and a single number."""
        if value == "auto":
            return "auto"
        parts = value.split(",") if isinstance(value, str) else value
        parts = [parts] if isinstance(parts, int) else parts
        try:
            numbers = tuple(int(str(part)) for part in parts)
        except (TypeError, ValueError):
            numbers = ()
        if not numbers or not all(1 <= number <= MAX_Z for number in numbers):
            raise ValueError(f"must be auto or whole numbers from 1 to {MAX_Z} such as 1,2,4")
        return tuple(sorted(numbers))

    @field_validator("targets")
    @classmethod
    def _real_targets(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse what is no chemical system and no formula where it stands."""
        parse_target(value)
        return value

    @field_validator(*NEEDS)
    @classmethod
    def _with_what_it_is_of(cls, value: Any, others: ValidationInfo) -> Any:
        """Refuse what would change nothing; a form sends all defaults, and may."""
        name = str(others.field_name)
        needed = NEEDS[name]
        missing = others.data.get(needed, value) == cls.model_fields[needed].default
        if missing and value != cls.model_fields[name].default:
            raise ValueError(f"means nothing without {needed}")
        return value

    @model_validator(mode="after")
    def _not_contradictory(self) -> CampaignRequest:
        if not self.candidates and not self.seed_structures:
            raise ValueError("candidates is 0 and there are no seed_structures: nothing to relax")
        if self.candidates and not self.all_sources:
            raise ValueError("candidates are wanted but sources is empty: name dao-g or template")
        if self.candidates and self.all_sources == ("perturbation",):
            raise ValueError("perturbation changes what others find: name dao-g or template too")
        for name, values in (("z", self.z), ("sources", self.sources)):
            if values != "auto" and len(set(values)) != len(values):
                raise ValueError(f"{name} names one value twice: {', '.join(map(str, values))}")
        return self

    @property
    def all_sources(self) -> tuple[str, ...]:
        """The sources that are named, and those that come with guidance and held parts."""
        more = ((GUIDED, self.guidance), (HELD, self.template))
        return (*self.sources, *(name for name, given in more if given))

    def for_identity(self) -> dict[str, Any]:
        """The settings that decide the result: all but where things are written, JSON values."""
        return self.model_dump(mode="json", exclude=NOT_DECIDING)
