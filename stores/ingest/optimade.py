"""Any OPTIMADE provider, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from optimade.adapters.structures.pymatgen import get_pymatgen
from optimade.models import StructureResource
from pydantic import ValidationError
from pymatgen.core import Structure
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from dao_core.errors import InputError
from stores.ingest.entry import Entry
from stores.ingest.optimade_pages import Pages

SECONDS_BETWEEN_PAGES = 1.0
RETRY = Retry(total=6, backoff_factor=1.0, status_forcelist=(429, 500, 502, 503, 504))
"""Waits of 1, 2, 4 ... seconds, or as long as the server's ``Retry-After`` says."""
OQMD_URL = "https://oqmd.org/optimade"
OQMD_FACTS = {"_oqmd_delta_e": "formation_energy_per_atom", "_oqmd_stability": "energy_above_hull",
              "_oqmd_band_gap": "band_gap"}  # fmt: skip


class OptimadeProvider:
    """The structures of an OPTIMADE provider that pass a filter.

    Args:
        base_url: of the provider, with or without ``/v1``.
        query: an OPTIMADE filter, e.g. ``elements HAS ONLY "Mg","O"``.
        level: energy level of the provider's labels; by default structures without labels.
        facts: provider field -> field of a label.
        name: how labels call the source.
        session: for tests; its requests get retries and a pause between pages like others.
        pause: seconds between two pages.
    """

    licence: str | None = None

    def __init__(
        self,
        base_url: str,
        query: str = "",
        *,
        level: str | None = None,
        facts: Mapping[str, str] | None = None,
        name: str | None = None,
        session: requests.Session | None = None,
        pause: float = SECONDS_BETWEEN_PAGES,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise InputError("optimade: give the base URL of a provider, https://host/path")
        if "@" in parts.netloc or parts.query:
            # A URL is written down with what came from it.
            raise InputError(
                f"{parts.hostname}: give the base URL without password and options; put user and "
                "password into ~/.netrc, which is read"
            )
        self.base_url = base_url.rstrip("/").removesuffix("/v1")
        self.query = query
        self.level = level
        self.facts = dict(facts or {})
        address = self.base_url.partition("//")[2]
        self.name = name or f"optimade:{address}"
        self.parameters = {"base_url": address, "query": query, "level": level}
        address = f"{self.base_url}/v1/structures"
        self._pages = Pages(self.name, address, query, session or _patient_session(), pause)

    def entries(self, cursor: str | None) -> Iterator[Entry]:
        """Entries in the provider's order; the cursor is the page and the place in it."""
        for resource, place in self._pages.resources(cursor):
            yield self._entry(resource, place)

    def _entry(self, resource: Any, cursor: str) -> Entry:
        if not isinstance(resource, Mapping):
            return Entry(cursor, reason="not_a_resource", cursor=cursor)
        identity = str(resource.get("id", cursor))
        try:
            structure = _structure(resource)
        except (ValidationError, ValueError, KeyError, TypeError, AttributeError) as error:
            text = " ".join(str(error).split())[:300]
            return Entry(identity, reason=f"unreadable_structure: {text}", cursor=cursor)
        attributes = resource["attributes"]
        facts: dict[str, Any] = {
            field: attributes[name]
            for name, field in self.facts.items()
            if attributes.get(name) is not None
        }
        # A provider's own stability may lie below its hull; above it the number is the distance.
        if facts.get("energy_above_hull") is not None:
            facts["energy_above_hull"] = max(0.0, facts["energy_above_hull"])
        return Entry(identity, structure, self.level, facts, cursor=cursor, renews=True)


def oqmd(query: str = "", **options: Any) -> OptimadeProvider:
    """The Open Quantum Materials Database, through its OPTIMADE service."""
    return OptimadeProvider(OQMD_URL, query, level="oqmd", facts=OQMD_FACTS, name="oqmd", **options)


def _structure(resource: Mapping[str, Any]) -> Structure:
    structure = get_pymatgen(StructureResource(**resource))
    periodic = resource["attributes"].get("dimension_types") in (None, [1, 1, 1])
    if not isinstance(structure, Structure) or not periodic:
        raise ValueError("not periodic in three directions")  # it is data, not a type
    return structure


def _patient_session() -> requests.Session:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=RETRY))
    return session
