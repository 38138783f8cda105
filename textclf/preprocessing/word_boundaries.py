"""Find the words of texts in the bytes of a whole column. `unicode_classes.py` says what a word is made of."""

from functools import cache

import numpy as np
import pyarrow as pa

from textclf.core.text_column import bytes_of
from textclf.preprocessing.token_spans import SPARE, TokenSpans, with_spare
from textclf.preprocessing.unicode_classes import ALONE, BEGINS, ENDS, SPACE, WORD, classes_of

ASCII = 0x80  # the first code point that takes more than one byte
BYTES_OF_CHARACTER = np.repeat(np.array([1, 2, 3, 4], np.uint8), [0xC0, 0x20, 0x10, 0x10])  # by the first byte
MUCH = 0.25  # share of bytes of characters beyond ASCII, above which going by characters is faster


def words_in(texts: pa.LargeStringArray) -> TokenSpans:
    """Split the texts into words: `I can't, 你好` -> `I`, `can`, `'`, `t`, `,`, `你`, `好`."""
    view, offsets = bytes_of(texts)
    padded = with_spare(view)
    content = padded[: len(padded) - SPARE]
    wide = np.flatnonzero(content >= ASCII)
    if len(wide) > MUCH * len(content):
        places = np.append(first_bytes(content), len(content))
        starts, ends = borders(classes_of(code_points(content)), np.searchsorted(places, offsets))
        starts, ends = places[starts], places[ends]
    else:
        starts, ends = borders(_classes_of_bytes(content, wide), offsets)
    return TokenSpans(padded, starts, ends - starts, np.diff(np.searchsorted(starts, offsets)))


def borders(classes: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where tokens begin and end. A token is a run of `WORD` within a text, or a single `ALONE`.

    Args:
        classes: of all characters or bytes of all texts.
        offsets: where each text begins, and where the last one ends, (texts + 1,).
    """
    inside = (classes & WORD).view(bool)
    before, after = np.zeros_like(inside), np.zeros_like(inside)
    before[1:] = inside[:-1]
    before[offsets[:-1][offsets[:-1] < len(inside)]] = False
    after[:-1] = inside[1:]
    after[offsets[1:][offsets[1:] > 0] - 1] = False
    begins = (inside > before) | (classes & BEGINS != 0)
    ends = (inside > after) | (classes & ENDS != 0)
    return np.flatnonzero(begins), np.flatnonzero(ends) + 1


def _classes_of_bytes(content: np.ndarray, wide: np.ndarray) -> np.ndarray:
    """Return the class of every byte. Of a character `ALONE` the first byte begins and the last one ends the token."""
    classes = _ascii_classes().take(content)
    if len(wide):
        found = content[wide]
        of_characters = classes_of(code_points(found))
        places = first_bytes(found)
        of_bytes = np.repeat(of_characters & ~np.uint8(ALONE), BYTES_OF_CHARACTER[found[places]])
        of_bytes[places] |= of_characters & BEGINS
        of_bytes[np.append(places[1:], len(found)) - 1] |= of_characters & ENDS
        classes[wide] = of_bytes
    return classes


def first_bytes(content: np.ndarray) -> np.ndarray:
    """Return where each character begins in UTF-8."""
    return np.flatnonzero(content & 0xC0 != 0x80)  # all other bytes continue a character


def code_points(content: np.ndarray) -> np.ndarray:
    """Return the code points of UTF-8, uint32."""
    return np.frombuffer(str(content.data, "utf-8").encode("utf-32-le"), "<u4")


@cache
def _ascii_classes() -> np.ndarray:
    """The classes of ASCII by byte; the bytes of longer characters are no matter here."""
    return np.concatenate([classes_of(np.arange(ASCII)), np.full(256 - ASCII, SPACE, np.uint8)])
