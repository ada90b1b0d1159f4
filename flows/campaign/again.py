"""The same command again: a finished campaign is found without loading what would run it.

A note says which campaign the words of a command led to, in which surroundings, and what state the
store was in. It holds only while all of these are the same; anything else takes the long way, which
decides by what the models are. Only embedded stores have notes: another may change unseen.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dao_core
from dao_core.drafts import draft_of
from dao_core.environment import dao_home
from dao_core.hashing import content_id, file_hash

FOLDER = "answered"
WATCHED = ("campaigns", "promotions", "interpretations", "validations", "labels")
"""Collections whose next document may change an answer or what stands beside it."""


@dataclass(frozen=True)
class Note:
    """Where the answer to a command is.

    Attributes:
        folder: Of the campaign.
        told: Warnings that stood above it.
        files: Hashes of its files, by name.
        store: File of the embedded store.
        state: Of that store.
    """

    folder: str
    told: list[str]
    files: dict[str, str]
    store: str
    state: list[list[int]]


def found(words: Mapping[str, Any]) -> Note | None:
    """The note about a command, if it still holds.

    Args:
        words: All that the command was given, JSON values.
    """
    try:
        note = Note(**json.loads(_file(words).read_text(encoding="utf-8")))
        holds = note.state == _state(Path(note.store)) and all(
            file_hash(Path(note.folder) / name) == hash_ for name, hash_ in note.files.items()
        )
    except (OSError, ValueError, TypeError, sqlite3.Error):  # no note, or one that cannot be read
        return None
    return note if holds else None


def keep(
    words: Mapping[str, Any], folder: Path, files: Mapping[str, str], told: list[str], store: str
) -> None:
    """Note what a command led to.

    Args:
        words: All that the command was given, JSON values.
        folder: Of the campaign.
        files: Hashes of its files, by name.
        told: Warnings that stood above it.
        store: Address of the store.
    """
    if not Path(store).is_file() or _names_code(words):
        return
    note = Note(str(folder), told, dict(files), store, _state(Path(store)))
    file = _file(words)
    file.parent.mkdir(parents=True, exist_ok=True)
    with draft_of(file) as draft:
        draft.write_text(json.dumps(vars(note)), encoding="utf-8")


def _names_code(words: Mapping[str, Any]) -> bool:
    """Whether a model, calculator or file of the user's own decides, which may change unseen."""
    names = (words.get(name) for name in ("potential", "refine", "second_opinion"))
    own = any(":" in name for name in names if isinstance(name, str))
    return own or "guidance" in words or "config" in words


def _file(words: Mapping[str, Any]) -> Path:
    """The file of a note; its name follows from all that decides what the words mean."""
    surroundings = {
        "words": dict(words),
        "cwd": str(Path.cwd()),
        "files": {path: file_hash(Path(path)) for path in _files(words)},
        "environment": {k: v for k, v in sorted(os.environ.items()) if k.startswith("DAO_")},
        "code": _stamp(Path(dao_core.__file__).parent),
        "packages": Path(sysconfig.get_path("purelib")).stat().st_mtime_ns,
    }
    return dao_home() / FOLDER / f"{content_id('n', surroundings)}.json"


def _files(words: Mapping[str, Any]) -> Iterator[str]:
    """Files that the words name."""
    for value in words.values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str) and Path(one).is_file():
                yield one


def _stamp(folder: Path) -> list[int]:
    """Number, size and latest change of all files of a package, models included."""
    stats = [p.stat() for p in folder.rglob("*") if p.suffix in {".py", ".safetensors", ".yaml"}]
    return [len(stats), sum(s.st_size for s in stats), max(s.st_mtime_ns for s in stats)]


def _state(file: Path) -> list[list[int]]:
    """Last write and number of documents of each collection that is watched."""
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        ask = "SELECT ifnull(max(seq), 0), count(*) FROM "
        return [list(connection.execute(ask + name).fetchone()) for name in WATCHED]
