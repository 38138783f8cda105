"""Texts -> their words, found in the bytes of a whole column. `character_classes.py` says what a word is made of."""

from functools import cache

import numpy as np
import pyarrow as pa

from textclf.preprocessing.character_classes import ALONE, SPACE, WORD, classes_of
from textclf.preprocessing.tokens import SPARE, Tokens, with_spare
from textclf.text_array import bytes_of

ASCII = 0x80  # the first code point that takes more than one byte
REST = 4  # the further bytes of a character that stands alone
FIRST_OF_SEVERAL = 0xC0  # bytes from here on begin a character
BYTES_OF_CHARACTER = np.repeat(np.array([1, 2, 3, 4], np.uint8), [0xC0, 0x20, 0x10, 0x10])  # by the first byte


def words_in(texts: pa.LargeStringArray) -> Tokens:
    """`I can't, 你好` -> `I`, `can`, `'`, `t`, `,`, `你`, `好`."""
    view, offsets = bytes_of(texts)
    padded = with_spare(view)
    content = padded[: len(padded) - SPARE]
    classes = _classes_of_bytes(content)
    starts, word_ends = borders(classes, offsets)
    in_word = classes[starts] == WORD
    sizes = BYTES_OF_CHARACTER[content[starts]].astype(np.int64)
    sizes[in_word] = word_ends - starts[in_word]
    return Tokens(padded, starts, sizes, np.diff(np.searchsorted(starts, offsets)))


def borders(classes: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where tokens begin: runs of `WORD` within a text, and every `ALONE`; and where the runs end.

    Args:
        classes: of all characters or bytes of all texts.
        offsets: where each text begins, and the last one ends, (texts + 1,).
    """
    inside = classes == WORD
    before, after = np.zeros_like(inside), np.zeros_like(inside)
    before[1:] = inside[:-1]
    before[offsets[:-1][offsets[:-1] < len(inside)]] = False
    after[:-1] = inside[1:]
    after[offsets[1:][offsets[1:] > 0] - 1] = False
    ends = np.flatnonzero(inside > after) + 1
    begins = inside > before
    begins |= classes == ALONE
    return np.flatnonzero(begins), ends


def _classes_of_bytes(content: np.ndarray) -> np.ndarray:
    classes = _ascii_classes().take(content)
    wide = np.flatnonzero(content >= ASCII)
    if len(wide):
        found = content[wide]
        begins = found >= FIRST_OF_SEVERAL
        of_characters = classes_of(code_points(found))
        further = np.where(of_characters == ALONE, np.uint8(REST), of_characters)
        of_bytes = np.repeat(further, BYTES_OF_CHARACTER[found[begins]])
        of_bytes[begins] = of_characters
        classes[wide] = of_bytes
    return classes


def code_points(content: np.ndarray) -> np.ndarray:
    """UTF-8 -> its characters, uint32."""
    return np.frombuffer(str(content.data, "utf-8").encode("utf-32-le"), "<u4")


@cache
def _ascii_classes() -> np.ndarray:
    """By byte; those of longer characters are found in another way."""
    return np.concatenate([classes_of(np.arange(ASCII)), np.full(256 - ASCII, SPACE, np.uint8)])
