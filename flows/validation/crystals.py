"""Which crystals are to be checked: those of files, and those that the store knows by an id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dao_core.crystal.asked import Crystal
from dao_core.crystal.reading import read_structures
from dao_core.errors import InputError
from stores import DaoStore
from stores.crystals import crystal_of


@dataclass(frozen=True)
class Found:
    """The crystals, and the files that hold none, with the reason."""

    crystals: tuple[Crystal, ...]
    failures: tuple[dict[str, str], ...]


def find_crystals(words: Sequence[str], store: DaoStore) -> Found:
    """Find what is meant by files, folders and ids.

    Args:
        words: Files, folders, or ids of candidates, relaxations and structures.
        store: Where ids are looked up.

    Raises:
        InputError: A word is neither a file nor an id, or there is no crystal at all.
    """
    crystals: dict[str, Crystal] = {}
    failures = []
    for word in dict.fromkeys(words):
        if Path(word).exists():
            reading = read_structures([word])
            crystals |= {n.source: Crystal(n.source, n.structure) for n in reading.structures}
            failures += [{"file": f.source, "reason": f.reason} for f in reading.failures]
        else:
            structure, candidate = crystal_of(store, word)
            crystals[word] = Crystal(word, structure, candidate)
    if not crystals:
        reasons = "; ".join(f"{failure['file']}: {failure['reason']}" for failure in failures)
        raise InputError(f"there is no structure to validate: {reasons or 'nothing was given'}")
    return Found(tuple(crystals.values()), tuple(failures))
