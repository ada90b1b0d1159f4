"""The pages of an OPTIMADE provider, whatever it says about paging, and however odd it answers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import requests

from dao_core.errors import InputError
from stores.errors import StoreUnreachableError

TIMEOUT_SECONDS = 60
PAGE_LIMIT = 100
"""Entries asked for at once."""
SMALLER_LIMITS = (20, 5, 1)
"""What is asked for where a provider says that this is too much for a page."""
LONGEST_WORDS = 300


@dataclass(frozen=True)
class Place:
    """Where an entry stands.

    Attributes:
        page: address of its page.
        number: how many entries of the page come before what is wanted.
        by_offset: whether the provider counts entries, not pages or otherwise.
    """

    page: str
    number: int
    by_offset: bool = False

    def as_cursor(self) -> str:
        """As it is kept, to go on from: the number of entries where that is enough."""
        if self.by_offset:
            return str(_offset(self.page) + self.number)
        return f"{self.number} {self.page}"

    @classmethod
    def of_cursor(cls, cursor: str, first: str) -> Place:
        """What was kept; ``first`` is the address of the first page without an offset."""
        number, _, page = cursor.partition(" ")
        if page:
            return cls(page, int(number))
        return cls(f"{first}&{urlencode({'page_offset': number})}", 0)


class Pages:
    """Reads the resources of one endpoint, page after page.

    Args:
        name: how errors call the provider.
        address: of the endpoint, without options.
        query: an OPTIMADE filter; empty for everything.
        session: makes the requests.
        pause: seconds between two pages.
    """

    def __init__(
        self, name: str, address: str, query: str, session: requests.Session, pause: float
    ) -> None:
        self.name = name
        self.query = query
        self._address = address
        self._session = session
        self._pause = pause

    def resources(self, cursor: str | None) -> Iterator[tuple[Any, str]]:
        """Each resource with the cursor of what follows it.

        Args:
            cursor: where to go on; None for the beginning.

        Raises:
            InputError: the provider refuses the filter.
            StoreUnreachableError: it does not answer, answers what is no OPTIMADE, leads in a
                circle, or ends before it has given everything that it says there is.
        """
        place = Place.of_cursor(cursor or "0", self._first())
        seen: set[str] = set()
        while True:
            url, page = self._page(place.page)
            if url in seen:
                raise StoreUnreachableError(f"{self.name} leads from page to page in a circle")
            seen.add(url)
            start = place.number
            broken, following = None, None
            try:
                following = self._following(url, page)
            except StoreUnreachableError as error:
                broken = error  # told after the entries that came with it
            by_offset = all(_is_by_offset(one) for one in (url, following) if one)
            for number, resource in enumerate(page["data"][start:], start=start + 1):
                yield resource, Place(url, number, by_offset).as_cursor()
            if broken is not None:
                raise broken
            if following is None:
                return
            place = Place(following, 0)
            time.sleep(self._pause)

    def _first(self) -> str:
        options = {"page_limit": str(PAGE_LIMIT)}
        if self.query:
            options["filter"] = self.query
        return f"{self._address}?{urlencode(options)}"

    def _page(self, url: str) -> tuple[str, dict[str, Any]]:
        """A page and its address; a smaller one where the provider says that it is too large."""
        smaller = iter(SMALLER_LIMITS)
        status, content = self._get(url)
        while status in {400, 403} and "page" in _words(content).lower():
            limit = next(smaller, None)
            if limit is None:
                break
            url = _with_option(url, "page_limit", limit)
            status, content = self._get(url)
        words = _words(content)
        if status == 400:
            raise InputError(f"{self.name} refuses the filter {self.query!r}: {words}")
        if status >= 400 or not isinstance(content, Mapping):
            raise StoreUnreachableError(f"{self.name} answers {status}: {words}; try again later")
        if not isinstance(content.get("data"), list):
            raise StoreUnreachableError(f"{self.name} answers without a list of data: {words}")
        return url, dict(content)

    def _get(self, url: str) -> tuple[int, Any]:
        try:
            answer = self._session.get(url, timeout=TIMEOUT_SECONDS)
            return answer.status_code, answer.json()
        except (requests.RequestException, ValueError, RecursionError) as error:
            raise StoreUnreachableError(
                f"{self.name} does not answer ({type(error).__name__}); the same command goes on "
                "where it stopped"
            ) from error

    def _following(self, url: str, page: Mapping[str, Any]) -> str | None:
        """Address of the next page; None after the last.

        Raises:
            StoreUnreachableError: there is more, but not where; or the link is none.
        """
        links = page.get("links")
        link = links.get("next") if isinstance(links, Mapping) else None
        href = link.get("href") if isinstance(link, Mapping) else link
        if href is not None and not isinstance(href, str):
            raise StoreUnreachableError(f"{self.name}: its link to the next page is {href!r:.100}")
        if href:
            following = urljoin(url, href)
            if urlsplit(following).scheme not in {"http", "https"}:
                raise StoreUnreachableError(f"{self.name}: its next page is at {following:.100}")
            return following
        meta = page.get("meta")
        if page["data"] and isinstance(meta, Mapping) and meta.get("more_data_available") is True:
            return _with_option(url, "page_offset", _offset(url) + len(page["data"]))
        return None


def _with_option(url: str, name: str, value: int) -> str:
    parts = urlsplit(url)
    options = {**parse_qs(parts.query), name: [str(value)]}
    return parts._replace(query=urlencode(options, doseq=True)).geturl()


def _is_by_offset(url: str) -> bool:
    return "page_offset" in parse_qs(urlsplit(url).query)


def _offset(url: str) -> int:
    text = (parse_qs(urlsplit(url).query).get("page_offset") or ["0"])[0]
    return int(text) if text.isdecimal() else 0


def _words(content: Any) -> str:
    """What a provider says of an error, in one line."""
    errors = content.get("errors") if isinstance(content, Mapping) else content
    first = errors[0] if isinstance(errors, list) and errors else errors
    if isinstance(first, Mapping):
        first = first.get("detail") or first.get("title")
    return " ".join(str(first or "no words").split())[:LONGEST_WORDS]
