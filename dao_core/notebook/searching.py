"""A search from its target to its landscape in one call."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from dao_core.bars import Bars
from dao_core.errors import InputError
from dao_core.notebook.landscape import Landscape
from dao_core.progress import listening
from dao_core.search.in_memory import InMemory
from dao_core.search.memory import SearchMemory
from dao_core.search.ranking import rank
from dao_core.search.request import SearchRequest
from dao_core.search.search import Search
from dao_core.settings_file import validated


def search(
    targets: str | Sequence[str],
    *,
    store: str | SearchMemory = "memory",
    progress: bool = True,
    **settings: Any,
) -> Landscape:
    """Search a chemical system, or some formulas, for crystals.

    Propose, screen, relax and rank, as ``dao campaign`` does, without server and files. The same
    request gives the same landscape, here and there. Ctrl-C ends the search early and returns what
    it has come to; the same call with the same ``store`` goes on from there.

    Args:
        targets: ``"Mg-O"``, ``"Cr6Os2"`` or ``["TiO2", "SrTiO3"]``.
        store: What remembers the work: ``"memory"`` for this call alone, or a
            :class:`~dao_core.search.memory.SearchMemory`, such as
            ``stores.search_memory.StoreMemory(stores.open_store("folder"))``.
        progress: Show a bar for each stage where there is a terminal.
        **settings: Those of :class:`~dao_core.search.request.SearchRequest`: ``candidates``,
            ``relax``, ``potential``, ``pressure`` (GPa), ``sources``, ``seed`` ...

    Returns:
        The landscape.

    Raises:
        InputError: A target or setting is wrong; says which and how.
        DomainError: Crystals lie outside what the models were made for, and ``force`` is not set.
        MissingError: A model or package is not on this machine.
    """
    given = {"targets": targets, **settings}
    request = validated(SearchRequest, given, words=dict.fromkeys(SearchRequest.model_fields, ""))
    opened = Search(request, _memory(store))
    bars = Bars() if progress else None
    interrupted = False
    with bars or nullcontext(), listening(bars) if bars else nullcontext():
        try:
            opened.run()
        except KeyboardInterrupt:
            interrupted = True
    survey = opened.so_far()
    return Landscape(opened, survey, rank(opened, survey), interrupted=interrupted)


def _memory(store: str | SearchMemory) -> SearchMemory:
    if store == "memory":
        return InMemory()
    if isinstance(store, str):
        raise InputError(
            f"store: {store!r} is no memory; give 'memory', or "
            f"stores.search_memory.StoreMemory(stores.open_store({store!r}))"
        )
    return store
