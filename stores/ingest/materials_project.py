"""The Materials Project, through its own client."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from mp_api.client import MPRester
from mp_api.client.core.client import MPRestError
from pymatgen.core import Element, Structure

from dao_core.errors import MissingError
from stores.errors import StoreUnreachableError
from stores.ingest.entry import Entry

LEVEL = "mp-gga-gga+u-mp2020"
"""Energies of the summaries: GGA and GGA+U mixed, MP2020 corrections."""
FIELDS = ["material_id", "structure", "energy_per_atom", "formation_energy_per_atom",
          "energy_above_hull", "band_gap", "deprecated"]  # fmt: skip
PAGE = 200
SECONDS_BETWEEN_PAGES = 0.5
KEY_VARIABLE = "MP_API_KEY"


class MaterialsProject:
    """Summaries of a chemical system with all its subsystems, or of a formula.

    Args:
        system: e.g. ``Mg-O``, or a formula, e.g. ``MgO``; None for everything.
        client: for tests; by default mp-api's, with the key in ``MP_API_KEY``.
        pause: seconds between two pages.

    Raises:
        MissingError: ``MP_API_KEY`` is not set.
        StoreUnreachableError: the server does not answer, or no key looks like this one.
    """

    name = "materials-project"
    licence: str | None = "CC BY 4.0 (Materials Project)"

    def __init__(
        self,
        system: str | None = None,
        *,
        client: Any = None,
        pause: float = SECONDS_BETWEEN_PAGES,
    ) -> None:
        self.system = system
        self.parameters = {"system": system}
        self._client = client or _client()
        self._pause = pause

    def entries(self, cursor: str | None) -> Iterator[Entry]:
        """Entries by material id; the cursor is the last id."""
        ids = sorted(str(one["material_id"]) for one in self._search(fields=["material_id"]))
        remaining = iter([one for one in ids if cursor is None or one > cursor])
        while page := list(islice(remaining, PAGE)):
            found = {str(one["material_id"]): one
                     for one in self._search(material_ids=page, fields=FIELDS)}  # fmt: skip
            for identity in page:
                yield _entry(identity, found.get(identity))
            time.sleep(self._pause)

    def _search(self, **what: Any) -> list[dict[str, Any]]:
        if "material_ids" not in what and self.system:
            what |= self._scope(self.system)
        with _answering():
            return list(self._client.materials.summary.search(**what))

    def _scope(self, system: str) -> dict[str, Any]:
        elements = system.split("-")
        if len(elements) == 1 and not Element.is_valid_symbol(system):
            return {"formula": system}
        subsets = ["-".join(sorted(one)) for one in _subsets(elements)]
        return {"chemsys": subsets}


def _entry(identity: str, summary: dict[str, Any] | None) -> Entry:
    if summary is None:
        return Entry(identity, reason="withdrawn_while_reading", cursor=identity)
    if summary.get("deprecated"):
        return Entry(identity, reason="deprecated", cursor=identity)
    structure = summary.get("structure")
    if isinstance(structure, dict):
        structure = Structure.from_dict(structure)
    facts = {name: summary.get(name) for name in FIELDS[2:6]}
    return Entry(identity, structure, LEVEL, facts, cursor=identity, renews=True)


def _subsets(elements: list[str]) -> Iterator[tuple[str, ...]]:
    """Every non-empty subset."""
    for mask in range(1, 2 ** len(elements)):
        yield tuple(one for place, one in enumerate(elements) if mask >> place & 1)


def _client() -> MPRester:
    key = os.environ.get(KEY_VARIABLE)
    if not key:
        raise MissingError(f"set the environment variable {KEY_VARIABLE} to your API key")
    with _answering():  # the client asks the server for its version as it is made
        return MPRester(key, use_document_model=False, mute_progress_bars=True)


@contextmanager
def _answering() -> Iterator[None]:
    """Tell what goes wrong while the server is asked, without the key.

    Raises:
        StoreUnreachableError: in place of the client's own errors and those of the network.
    """
    try:
        yield
    except (MPRestError, OSError) as error:
        # requests' errors are OSErrors, and so are those of the bucket that holds everything.
        # The text of the error may hold the headers of the request, and with them the key.
        raise StoreUnreachableError(
            f"the Materials Project cannot be asked ({type(error).__name__}); check the network "
            f"and that {KEY_VARIABLE} is your key (32 characters); the same command then goes on"
        ) from None
