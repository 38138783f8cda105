"""What a character is to the tokenizer `word`: part of a word, a token of its own, or what separates.

The rule is the regular expression of `separation.py`; a test compares all code points with it. A table instead, because
it is many times as fast, needs nothing of pyarrow, and says the same on every machine whichever Unicode RE2 has there.
"""

from functools import cache

import numpy as np

# Bits, so that `words.py` can tell where a token begins and ends: WORD is the inside of words, ALONE both its ends. A
# selector between a text and an emoji form separates, and is no space.
SPACE, WORD, BEGINS, ENDS, SELECTOR = 0, 1, 2, 4, 8
ALONE = BEGINS | ENDS
CODE_POINTS = 0x110000
SPACES = (*range(9, 14), *range(0x1C, 0x21), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F)
SPACES = (*SPACES, 0x3000)
SELECTORS = (0xFE0E, 0xFE0F)


def classes_of(points: np.ndarray) -> np.ndarray:
    """Code points -> `SPACE`, `WORD`, `ALONE` or `SELECTOR`, uint8."""
    return _table().take(points)


@cache
def _table() -> np.ndarray:
    """The class of every code point."""
    lengths = np.array(_LENGTHS.split(), np.int32)
    lengths = np.append(lengths, CODE_POINTS - lengths.sum())
    table = np.repeat(np.resize(np.array([ALONE, WORD], np.uint8), len(lengths)), lengths)
    table[list(SPACES)] = SPACE
    table[list(SELECTORS)] = SELECTOR
    return table


# Lengths of the runs of code points that are no part of words, and of those that are, by turns. Parts of words are
# letters, marks, digits, underscore and joiners as RE2 in pyarrow 26 has them, but no Chinese and Japanese characters.
_LENGTHS = """
    48 10 7 26 4 1 1 26 47 1 7 2 1 1 3 2 1 3 1 23 1 31 1 458 4 12 14 5 7 1 1 1 17 117 1 2 2 4 1 1 6 1 1 3 1 1 1 20 1
    83 1 139 1 173 1 38 2 1 6 41 8 45 1 1 1 2 1 2 1 1 8 27 4 4 29 11 5 74 4 102 1 8 2 10 1 19 2 1 16 59 2 101 14 54
    4 1 2 1 2 46 18 28 4 11 5 24 1 6 9 74 1 129 2 10 1 19 1 8 2 2 2 22 1 7 1 1 3 4 2 9 2 2 2 4 8 1 4 2 1 5 2 12 2 6
    2 1 1 1 2 3 1 6 4 2 2 22 1 7 1 2 1 2 1 2 2 1 1 5 4 2 2 3 3 1 7 4 1 1 7 16 11 3 1 9 1 3 1 22 1 7 1 2 1 5 2 10 1 3
    1 3 2 1 15 4 2 10 9 7 1 3 1 8 2 2 2 22 1 7 1 2 1 5 2 9 2 2 2 3 7 3 4 2 1 5 2 10 1 7 10 2 1 6 3 3 1 4 3 2 1 1 1 2
    3 2 3 3 3 12 4 5 3 3 1 4 2 1 6 1 14 13 13 13 1 3 1 23 1 16 2 9 1 3 1 4 7 2 1 3 2 1 2 4 2 10 8 7 1 4 1 8 1 3 1 23
    1 10 1 5 2 9 1 3 1 4 7 2 6 2 1 4 2 10 1 3 12 13 1 3 1 51 1 3 1 5 5 16 2 19 1 6 1 3 1 18 3 24 1 9 1 1 2 7 3 1 4 6
    1 1 1 8 6 10 2 2 13 58 5 15 1 10 39 2 1 1 1 5 1 24 1 1 1 23 2 5 1 1 1 7 1 10 2 4 32 1 23 2 6 20 1 1 1 1 1 1 4 10
    1 36 4 20 1 18 1 36 9 1 57 74 6 78 2 38 1 1 5 1 2 43 1 333 1 4 2 7 1 1 1 4 2 41 1 4 2 33 1 4 2 7 1 1 1 4 2 15 1
    57 1 4 2 67 2 3 9 20 3 16 16 86 2 6 3 620 2 17 1 26 5 75 3 11 7 22 9 22 11 20 12 13 1 3 1 2 12 84 3 1 4 2 2 10 6
    10 17 3 1 11 6 89 7 43 5 70 10 31 1 12 4 12 10 40 2 5 11 44 4 26 6 11 37 28 4 63 1 29 2 11 6 10 13 1 8 31 49 77
    3 10 17 9 12 116 12 56 8 10 3 49 2 9 7 43 2 3 16 3 1 39 5 534 2 6 2 38 2 6 2 8 1 1 1 1 1 1 1 31 2 53 1 7 1 1 3 3
    1 7 3 4 2 6 4 13 5 3 1 7 15 2 98 2 2 6 5 11 6 13 51 33 17 1 4 1 2 10 1 1 3 5 6 1 1 1 1 1 1 4 1 11 2 4 5 5 4 1 1
    58 726 60 78 22 630 30 1132 229 6 9 9 1 2 38 1 1 5 1 2 56 7 1 15 24 9 7 1 7 1 7 1 7 1 7 1 7 1 7 1 7 1 32 47 1
    470 1 35 6 1 5 6 1 92 2 106 43 1 94 3 4 10 32 96 10 30 8 1 15 32 10 39 15 27968 1165 67 46 2 269 3 28 20 51 1 10
    1 115 37 9 2 103 2 64 5 2 1 1 1 5 24 54 4 1 3 6 10 52 12 70 10 10 6 24 3 1 1 49 2 36 12 29 3 65 14 11 6 31 1 55
    9 14 2 10 6 23 3 73 24 3 2 16 2 5 10 6 2 6 2 6 9 7 1 7 1 43 1 14 6 123 1 2 2 10 6 11172 12 23 4 49 8964 7 12 5 5
    12 1 13 1 5 1 1 1 2 1 2 1 108 33 363 18 64 2 54 40 12 4 14 18 16 64 5 1 135 19 10 7 26 6 26 67 33 3 6 2 6 2 6 2
    3 35 12 1 26 1 19 1 2 1 15 2 14 34 123 12 45 12 57 17 2 113 1 130 29 3 49 15 28 4 36 9 30 5 43 5 30 2 36 4 8 1 5
    42 158 2 10 6 36 4 36 4 40 8 52 12 11 1 15 1 7 1 2 1 11 1 15 1 7 1 2 67 311 9 22 10 8 24 6 1 42 1 9 69 6 2 1 1
    44 1 2 3 1 2 23 2 31 2 38 8 9 48 19 1 2 5 33 4 26 70 56 4 20 2 50 1 2 5 8 1 3 1 29 2 3 4 10 23 31 1 32 32 8 1 30
    4 5 16 54 10 22 2 27 5 26 23 7 80 73 55 51 13 51 7 46 8 10 294 31 1 42 1 2 3 2 75 43 8 37 27 22 42 28 20 23 9 71
    11 36 9 60 7 1 13 25 7 10 6 53 1 10 4 4 8 36 2 1 9 69 4 4 1 13 1 1 4 20 11 18 1 37 6 4 62 7 1 1 1 4 1 15 1 10 7
    59 5 10 6 4 1 8 2 2 2 22 1 7 1 2 1 5 1 10 2 2 2 3 2 1 6 1 5 7 2 7 3 5 139 75 5 10 4 4 30 70 1 1 8 10 166 54 2 9
    23 6 34 65 3 1 11 10 38 57 7 10 54 27 2 15 4 12 4 7 185 59 101 83 12 8 2 1 2 8 1 2 1 30 1 2 2 9 12 10 70 8 2 46
    2 8 1 2 27 63 8 1 8 74 3 1 18 73 263 9 1 45 1 9 15 29 5 30 2 22 1 14 73 7 1 2 1 44 3 1 1 2 1 9 8 10 6 6 1 2 1 37
    1 2 1 6 7 10 310 23 9 17 1 41 3 5 13 10 86 1 15 21 43 922 102 111 17 196 2636 97 15 1072 16 22 4010 583 8633 569
    7 31 1 10 6 79 1 10 6 30 2 5 11 55 9 4 12 10 1 7 1 21 5 19 688 87 105 75 4 57 7 17 64 2 2 1 27 6136 8 1238 42 9
    9319 396 2308 107 5 13 3 9 7 10 3 2 4705 46 2 23 542 5 3 6 8 8 2 7 30 4 148 3 123 20 12 20 108 25 135 85 1 71 1
    2 2 1 2 2 2 4 1 12 1 1 1 7 1 65 1 4 2 8 1 7 1 28 1 4 1 5 1 1 3 7 1 340 2 25 1 25 1 31 1 25 1 31 1 25 1 31 1 25 1
    31 1 25 1 8 2 50 512 55 4 50 8 1 14 1 22 5 1 15 1104 31 6 6 213 7 1 17 2 7 1 2 1 5 5 62 33 1 112 45 3 14 2 10 4
    1 321 31 17 58 470 42 742 7 1 4 1 2 1 15 1 197 2 16 41 76 4 10 791 59 1 3 1 4 76 45 1 15 194 4 1 27 1 2 1 1 2 1
    1 10 1 4 1 1 1 1 6 1 4 1 1 1 1 1 1 3 1 2 1 1 2 1 1 1 1 1 1 1 1 1 1 2 1 1 2 4 1 7 1 4 1 4 1 1 1 10 1 17 5 3 1 5 1
    17 580 13 2787 10 787718 240
"""
