"""What a search is asked to do, validated: the one place where its settings are spelled."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from dao_core.errors import InputError
from dao_core.potentials.catalogue import check_name
from dao_core.search.source_registry import BRED, DEFAULT, source_names
from dao_core.search.target import parse_target


def _known_source(name: str) -> str:
    """Refuse a name that no source has, in pydantic's words for a choice."""
    *others, last = map(repr, source_names())
    if name not in source_names():
        expected = f"{', '.join(others)} or {last}"
        raise PydanticCustomError(
            "literal_error", "Input should be {expected}", {"expected": expected}
        )
    return name


SourceName = Annotated[
    str,
    AfterValidator(_known_source),
    WithJsonSchema({"enum": list(source_names()), "type": "string"}),
]
"""A source that is offered here or by another package."""
GUIDED, HELD = "dao-g-guided", "dao-g-held"
"""Sources that come with ``guidance`` and with ``template``."""
MAX_PRESSURE = 1000.0
"""GPa: beyond the pressure at the centre of any planet of rock."""
MAX_CANDIDATES = 50_000
"""A search holds all that it proposed in memory, some 20 kB each; more is another seed's."""
MAX_Z = 1000
"""Beyond any cell that could be relaxed; what the models can do is checked against their domain."""


class SearchRequest(BaseModel):
    """The settings of one search.

    Attributes:
        targets: One chemical system (``Mg-O``) or formulas (``Cr6Os2``).
        candidates: Structures to propose in all, shared among compositions, Z and sources.
        relax: How many of the best by one-shot energy are relaxed.
        z: Formula units per cell, or ``auto``.
        max_atoms: Largest cell to propose; None means a sensible size for the targets.
        seed: Seed of all randomness.
        potential: Name of the potential that screens, relaxes and ranks.
        pressure: External pressure in GPa; enthalpies decide then.
        sources: Where candidates come from; a bandit shares the budget among them.
        guidance: Name or file of a guidance energy: DAO-G guided by it is one more source.
        guidance_weight: Its weight.
        template: File of a crystal of which parts are held: DAO-G around them is one more source.
        hold: Which parts: framework (lattice and sites), sites, lattice, or the space group's
            orbits.
        seed_structures: Files or folders of the user's own structures.
        force: Go on outside the domain of the models.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    not_deciding: ClassVar[Collection[str]] = {"seed_structures", "force"}
    """Settings that leave the ranking as it is; own structures decide it by their content."""
    needs: ClassVar[Mapping[str, str]] = {"guidance_weight": "guidance", "hold": "template"}
    """Settings that mean nothing without another."""

    targets: tuple[str, ...] = Field(min_length=1)
    candidates: int = Field(default=200, ge=0, le=MAX_CANDIDATES)
    relax: int = Field(default=48, ge=1, le=MAX_CANDIDATES)
    z: Literal["auto"] | tuple[int, ...] = "auto"
    max_atoms: int | None = Field(default=None, ge=1, le=1000)
    seed: int = Field(default=0, ge=0, lt=2**31)
    potential: str = "dao-p"
    pressure: float = Field(default=0.0, ge=0, le=MAX_PRESSURE, allow_inf_nan=False)
    sources: tuple[SourceName, ...] = DEFAULT
    guidance: str | None = None
    guidance_weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    template: str | None = None
    hold: Literal["framework", "sites", "lattice", "orbits"] = "framework"
    seed_structures: tuple[str, ...] = ()
    force: bool = False

    @field_validator("targets", "seed_structures", "sources", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        """Take a single word where a list is meant, as YAML writers do."""
        return (value,) if isinstance(value, str) else value

    @field_validator("potential")
    @classmethod
    def _named_potential(cls, value: str) -> str:
        """Refuse a misspelt potential where it stands."""
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

    @field_validator("*")
    @classmethod
    def _with_what_it_is_of(cls, value: Any, others: ValidationInfo) -> Any:
        """Refuse what would change nothing; a form sends all defaults, and may."""
        name = str(others.field_name)
        needed = cls.needs.get(name)
        if needed is None:
            return value
        missing = others.data.get(needed, value) == cls.model_fields[needed].default
        if missing and value != cls.model_fields[name].default:
            raise ValueError(f"means nothing without {needed}")
        return value

    @model_validator(mode="after")
    def _not_contradictory(self) -> Self:
        if not self.candidates and not self.seed_structures:
            raise ValueError("candidates is 0 and there are no seed_structures: nothing to relax")
        if self.candidates and not self.all_sources:
            raise ValueError("candidates are wanted but sources is empty: name dao-g or template")
        if self.candidates and set(self.all_sources) <= BRED:
            alone = " and ".join(self.all_sources)
            raise ValueError(f"{alone} can only change what others find: name dao-g or template")
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
        return self.model_dump(mode="json", exclude=set(self.not_deciding))
