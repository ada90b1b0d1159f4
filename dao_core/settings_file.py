"""Settings in a YAML file: read, validated, and the line of a mistake named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from dao_core.errors import DaoError, InputError

Settings = TypeVar("Settings", bound=BaseModel)


def read_settings(file: Path) -> CommentedMap:
    """The settings of a YAML file, with the lines they stand on.

    Raises:
        InputError: The file can't be read, is not YAML, or is not a table of settings.
    """
    try:
        settings = YAML(typ="rt").load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: is not a text file in UTF-8") from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}, line {mark.line + 1}" if mark else str(file)
        raise InputError(f"{where}: not valid YAML: {error.problem or error.context}") from error
    # What the reader makes of signs that are not allowed, of impossible dates and numbers.
    except (YAMLError, ValueError, LookupError, AttributeError, RecursionError) as error:
        raise InputError(f"{file}: not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(settings, CommentedMap):
        raise InputError(f"{file}: must hold settings, one `name: value` per line")
    return settings


def validated(
    kind: type[Settings],
    given: Mapping[str, Any],
    config: CommentedMap | None = None,
    file: Path | None = None,
    *,
    words: Mapping[str, str] | None = None,
) -> Settings:
    """Validate settings from the command line and, beneath it, a file.

    Args:
        kind: What they must be.
        given: What the command line gave; it wins over the file. None means not given.
        config: Settings of the file, from :func:`read_settings`.
        file: The file, for the text of errors.
        words: Arguments of the command that are no options, and what to name where they are
            missing.

    Raises:
        InputError: Names every mistake; those of the file with their line.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    try:
        return kind.model_validate({**(config or {}), **chosen})
    except ValidationError as error:
        described = _Describer(kind, chosen, config, file, words or {})
        lines = [described(problem) for problem in error.errors()]
        raise InputError("; ".join(lines)) from error


@contextmanager
def lines_named(
    given: Mapping[str, Any], config: CommentedMap | None = None, file: Path | None = None
) -> Iterator[None]:
    """Name the line of the file in errors about a setting that it holds.

    Args:
        given: What the command line gave; a setting of it is not the file's.
        config: Settings of the file, from :func:`read_settings`.
        file: The file, for the text of errors.

    Raises:
        DaoError: What the block raised, with the line where there is one.
    """
    try:
        yield
    except DaoError as error:
        path: list[str | int] = [*(error.setting or "").split(".")]
        if config is None or path[0] not in config or given.get(str(path[0])) is not None:
            raise
        where = f"{file}, line {_line(config, path)}"
        raise type(error)(f"{where}: {error.setting}: {error}") from error


class _Describer:
    """One mistake in words: where it stands, which setting, what is wrong with it."""

    def __init__(
        self,
        kind: type[BaseModel],
        chosen: Mapping[str, Any],
        config: CommentedMap | None,
        file: Path | None,
        words: Mapping[str, str],
    ) -> None:
        self.kind, self.chosen, self.config, self.file = kind, chosen, config, file
        self.words = words

    def __call__(self, problem: Mapping[str, Any]) -> str:
        path = [part for part in problem["loc"] if not _is_type_tag(part)]
        name = ".".join(str(part) for part in path)
        text = str(problem["msg"]).removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            text = f"unknown setting; known are {', '.join(_known(self.kind, path[:-1]))}"
        if problem["type"] == "missing":
            text = f"is missing{self.words.get(name, '')}"
        config = self.config
        if config is None or (path and path[0] in self.chosen) or not path or path[0] not in config:
            option = str(path[0]) if path else ""
            if option and option not in self.words:
                option = f"--{option.replace('_', '-')}"
            inner = ".".join(part for part in path[1:] if isinstance(part, str))
            text = f"{inner}: {text}" if inner else text
            return f"{option}: {text}" if option else text
        return f"{self.file}, line {_line(config, path)}: {name}: {text}"


def _known(kind: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """Names of the settings of a part of the settings."""
    for part in path:
        annotation = kind.model_fields[str(part)].annotation
        (kind,) = (
            one
            for one in (annotation, *get_args(annotation))
            if isinstance(one, type) and issubclass(one, BaseModel)
        )
    return list(kind.model_fields)


def _is_type_tag(part: str | int) -> bool:
    """Whether pydantic put this into a location only to name the branch of a union."""
    return isinstance(part, str) and ("[" in part or part.startswith("tuple"))


def _line(config: CommentedMap, path: list[str | int]) -> int:
    """Line (from 1) of the deepest part of ``path`` that the file holds."""
    line, node = 0, config
    for part in path:
        if isinstance(node, CommentedMap) and part in node:
            line = node.lc.value(part)[0] if not _is_container(node[part]) else node.lc.key(part)[0]
        elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
            line = node.lc.item(part)[0]
        else:
            break
        node = node[part]
    return line + 1


def _is_container(value: Any) -> bool:
    return isinstance(value, CommentedMap | CommentedSeq)
