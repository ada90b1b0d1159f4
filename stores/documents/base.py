"""What every document has: a key, a schema version, a time stamp and who built it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pymatgen.core import Composition, Structure

from dao_core.errors import InputError
from stores.encoding import decode, encode


def utc_now() -> datetime:
    """The time in UTC, to the millisecond that every backend keeps."""
    return to_utc(datetime.now(UTC))


def to_utc(moment: datetime) -> datetime:
    """A time in UTC to the millisecond; one without a zone is taken as UTC."""
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


Moment = Annotated[datetime, AfterValidator(to_utc)]
"""A time in UTC, to the millisecond."""


@cache
def _version(package: str) -> str:
    """The installed version; looking it up takes longer than all else that a document needs."""
    return version(package)


class BuilderMeta(BaseModel):
    """Which software wrote a document, after emmet's ``EmmetMeta``."""

    model_config = ConfigDict(extra="forbid")

    dao_version: str = Field(default_factory=lambda: _version("dao-crystals"))
    pymatgen_version: str = Field(default_factory=lambda: _version("pymatgen"))
    builder: str | None = None


class Document(BaseModel):
    """Base of all documents.

    Attributes:
        schema_version: the layout of the document; see ``stores/maintenance/migration.py``.
        last_updated: when the store took it, UTC.
        builder_meta: which software wrote it.
    """

    model_config = ConfigDict(extra="forbid", ser_json_inf_nan="constants")

    collection: ClassVar[str]
    key: ClassVar[str]
    schema_current: ClassVar[int] = 1
    indexed: ClassVar[tuple[str, ...]] = ()
    may_hide: ClassVar[bool] = False
    """Whether :meth:`is_given_out` is False for some documents."""

    schema_version: int = 0
    last_updated: Moment = Field(default_factory=utc_now)
    builder_meta: BuilderMeta = Field(default_factory=BuilderMeta)

    def model_post_init(self, context: Any, /) -> None:
        """Number the schema of a new document."""
        del context
        if self.schema_version == 0:
            self.schema_version = self.schema_current

    @property
    def id(self) -> str:
        """The value of the key field."""
        return getattr(self, self.key)

    def to_store(self) -> dict[str, Any]:
        """Plain JSON values for a Store, as any backend returns them; dates stay dates."""
        return decode(encode(self.model_dump(mode="python")))

    @classmethod
    def from_store(cls, stored: Mapping[str, Any]) -> Self:
        """Validate what a Store returned.

        Raises:
            InputError: the document has an older or newer schema, or does not fit it.
        """
        found = stored.get("schema_version", 0)
        name = f"{cls.collection}/{stored.get(cls.key)}"
        if found > cls.schema_current:
            raise InputError(f"{name}: schema {found} is of a newer dao; update the program")
        if found < cls.schema_current:
            raise InputError(f"{name}: schema {found} is old; run `dao store migrate` once")
        try:
            return cls.model_validate({k: v for k, v in stored.items() if k != "_id"})
        except ValidationError as error:
            raise InputError(f"{name}: does not fit its schema: {error}") from error

    @classmethod
    def fault(cls, stored: Mapping[str, Any]) -> str | None:
        """What in a stored document cannot be, or None."""
        del stored
        return None

    @classmethod
    def is_given_out(cls, stored: Mapping[str, Any]) -> bool:
        """Whether queries give a stored document out; by default all."""
        del stored
        return True

    def merged(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """What to write when the key is already taken: by default the new content."""
        del stored
        return self.to_store()


class CompositionFields(BaseModel):
    """The composition as queries want it.

    Attributes:
        formula: reduced, e.g. ``MgO``.
        formula_anonymous: e.g. ``AB``.
        chemsys: sorted elements joined by hyphens, e.g. ``Mg-O``.
        elements: sorted symbols.
        nelements: number of elements.
        nsites: atoms in the cell.
    """

    formula: str
    formula_anonymous: str
    chemsys: str
    elements: list[str]
    nelements: int
    nsites: int


def composition_fields(structure: Structure) -> dict[str, Any]:
    """The :class:`CompositionFields` of a structure."""
    return composition_of(structure.composition, len(structure))


def composition_of(composition: Composition, nsites: int) -> dict[str, Any]:
    """The :class:`CompositionFields` of a composition in a cell of ``nsites`` atoms."""
    elements = sorted(element.symbol for element in composition.elements)
    return {
        "formula": composition.reduced_formula,
        "formula_anonymous": composition.anonymized_formula,
        "chemsys": "-".join(elements),
        "elements": elements,
        "nelements": len(elements),
        "nsites": nsites,
    }
