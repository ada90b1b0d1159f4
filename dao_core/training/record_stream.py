"""The records of a JSON text one by one: a file of a million crystals needs little memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TextIO

CHUNK = 2**20
"""Characters read at once."""
_SPACE = " \t\r\n"
_AFTER_A_NUMBER = (*_SPACE, ",", "]", "}")


def stream_records(stream: TextIO) -> Iterator[Any]:
    """The entries of ``records`` in ``{"meta": ..., "records": [...]}``, in order.

    What stands before ``records`` is read and forgotten, what stands after it is not looked at.

    Raises:
        ValueError: the text is no such object, or ends early.
        KeyError: it has no ``records``.
    """
    text = _Text(stream)
    text.expect("{")
    while text.peek() != "}":
        name = text.value()
        text.expect(":")
        if name == "records":
            yield from _entries(text)
            return
        text.value()
        if text.peek() == ",":
            text.expect(",")
    raise KeyError("records")


def _entries(text: _Text) -> Iterator[Any]:
    text.expect("[")
    while text.peek() != "]":
        yield text.value()
        if text.peek() != "]":
            text.expect(",")


class _Text:
    """A text of which only what is not read yet is kept."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._buffer, self._at, self._ended = "", 0, False
        self._decode = json.JSONDecoder().raw_decode

    def peek(self) -> str:
        """The next character that is no space.

        Raises:
            ValueError: there is none.
        """
        while True:
            while self._at < len(self._buffer) and self._buffer[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                raise ValueError("the text ends early")

    def expect(self, character: str) -> None:
        """Pass over ``character``.

        Raises:
            ValueError: another one stands there.
        """
        found = self.peek()
        if found != character:
            raise ValueError(f"expected {character!r}, found {found!r}")
        self._at += 1

    def value(self) -> Any:
        """The JSON value that begins here.

        Raises:
            ValueError: there is none, or it is not complete.
        """
        self.peek()
        while True:
            try:
                value, end = self._decode(self._buffer, self._at)
            except json.JSONDecodeError:
                if not self._more():
                    raise
                continue
            # of all values only a number can seem whole where the buffer cuts it ("12." of 12.5)
            whole = self._buffer[end : end + 1] in _AFTER_A_NUMBER
            if isinstance(value, int | float) and not whole and self._more():
                continue
            self._at = end
            return value

    def _more(self) -> bool:
        """Read on; whether there was more."""
        if self._ended:
            return False
        chunk = self._stream.read(max(CHUNK, len(self._buffer) - self._at))
        self._buffer, self._at = self._buffer[self._at :] + chunk, 0
        self._ended = not chunk
        return not self._ended
