"""Regular expressions of queries, in time that grows with the text alone, whatever they say."""

from __future__ import annotations

import re
from typing import Any

import re2
from bson import Regex

from dao_core.errors import InputError

LONGEST = 100
_OPTIONS = "ims"


class Pattern(Regex):
    """A regular expression as BSON has it, matched by RE2.

    A crafted pattern can keep Python's own matcher busy for years; RE2 has no such patterns. The
    backends that match in this process ask :meth:`try_compile` for something with a ``search``;
    a MongoDB server gets the expression itself, of which RE2 has made sure.
    """

    def __init__(self, pattern: str, flags: str | int = 0) -> None:
        super().__init__(pattern, flags)
        self._search = _compiled(pattern, self.flags)

    @classmethod
    def of(cls, text: Any, options: Any = "") -> Pattern:
        """A pattern as a user gives it.

        Args:
            text: the expression, in RE2's syntax: as Python's, without look-around and without
                references to groups.
            options: letters of ``i`` (any case), ``m`` (lines), ``s`` (dot takes line ends).

        Raises:
            InputError: it is no expression, too long, or an option is unknown.
        """
        if not isinstance(text, str) or not isinstance(options, str) or set(options) - {*_OPTIONS}:
            raise InputError(f"query: $regex takes text, and $options letters of {_OPTIONS}")
        if len(text) > LONGEST:
            raise InputError(f"query: a regular expression has at most {LONGEST} characters")
        return cls(text, options)

    def try_compile(self) -> Pattern:  # type: ignore[override] # all that is asked of it is a search
        """Itself, which knows how to search."""
        return self

    def __deepcopy__(self, _: Any) -> Pattern:
        """Itself: nothing of it ever changes."""
        return self

    def search(self, text: str) -> bool:
        """Whether the expression is found in a text."""
        # File names may hold halves of letters, which RE2 does not take.
        sound = text.encode("utf-8", "replace").decode()
        return self._search.search(sound) is not None


def _compiled(pattern: str, flags: int) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    letters = "".join(one for one in _OPTIONS if flags & int(getattr(re, one.upper())))
    try:
        return re2.compile(f"(?{letters}){pattern}" if letters else pattern, options)
    except re2.error as error:
        told = error.args[0]
        told = told.decode(errors="replace") if isinstance(told, bytes) else told
        raise InputError(f"query: {pattern!r} is not a regular expression: {told}") from error
