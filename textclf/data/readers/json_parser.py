"""Parse JSON values out of text that arrives in pieces, with limits on what is kept."""

from collections.abc import Iterator
from json import JSONDecoder
from typing import Any

from textclf.core.errors import DataError
from textclf.core.files import MIB
from textclf.core.formatting import short_repr
from textclf.data.readers.limits import LONGEST_LINE, too_long

CHUNK_CHARACTERS = MIB
MOST_VALUES = 5_000_000  # parsed at once
AS_LINES = "Write JSON Lines: one object a line."
DECODER = JSONDecoder()
SPACE = " \t\r\n"


class JsonParser:
    """Parses JSON values out of text that arrives in pieces."""

    def __init__(self, pieces: Iterator[str], name: str):
        self.pieces, self.name = pieces, name
        self.text, self.place, self.lines = "", 0, 1
        self.read_since = 0  # characters

    def next_character(self) -> str:
        """Return the next character that is not white space, without taking it; an empty string at the end."""
        while True:
            while self.place < len(self.text) and self.text[self.place] in SPACE:
                self.place += 1
            if self.place < len(self.text):
                return self.text[self.place]
            if not self._grow(1):
                return ""

    def take(self, characters: str) -> str:
        """Take the next character, which must be one of these."""
        found = self.next_character()
        if not found or found not in characters:
            raise self.wrong(f"expected one of {' '.join(characters)}", self.place)
        self.place += 1
        return found

    def value(self, most: int, *, optional: bool = False) -> Any:
        """Take the next value, which has at most about so many characters.

        Args:
            optional: whether to return `None` and take nothing if it has more.
        """
        self.next_character()
        while True:
            rest = len(self.text) - self.place
            if rest > 2 * CHUNK_CHARACTERS and sum(self.text.count(mark, self.place) for mark in ",[{") > MOST_VALUES:
                raise DataError(f"{self.name}: expected at most {MOST_VALUES:,} values at a time, got more. {AS_LINES}")
            try:
                found, end = DECODER.raw_decode(self.text, self.place)
            except RecursionError:
                raise DataError(f"{self.name}: expected JSON, but it is nested too deeply.") from None
            except ValueError as error:  # no JSON, a beginning of it, or a number of thousands of digits
                offset = getattr(error, "pos", self.place) - self.place
                if rest < most and self._grow(rest):
                    continue
                if rest >= most and optional:
                    return None
                if rest >= most:
                    raise too_long(self.name, "JSON values", most) from None
                raise self.wrong(getattr(error, "msg", str(error)), self.place + offset) from None
            if end == len(self.text) and self._grow(1):  # it may be the first digits of a number
                continue
            self.place = end
            return found

    def items(self) -> Iterator[Any]:
        """Take an array, and yield its items."""
        self.take("[")
        if self.next_character() == "]":
            self.take("]")
            return
        while True:
            yield self.value(LONGEST_LINE)
            if self.take(",]") == "]":
                return

    def _grow(self, more: int) -> bool:
        """Read at least so many more characters, and forget those before the place. Return whether there were any."""
        self.lines += self.text.count("\n", 0, self.place)
        parts, size = [self.text[self.place :]], 0
        for piece in self.pieces:
            parts.append(piece)
            size += len(piece)
            if size >= more:
                break
        self.text, self.place = "".join(parts), 0
        self.read_since += size
        return size > 0

    def wrong(self, reason: str, place: int) -> DataError:
        """Return the error for text that is no JSON from this place on."""
        line = self.lines + self.text.count("\n", 0, place)
        got = short_repr(self.text[place : place + 30]) if self.text[place:].strip() else "the end of the file"
        return DataError(f"{self.name}: expected JSON, got {got} in line {line} ({reason}).")
