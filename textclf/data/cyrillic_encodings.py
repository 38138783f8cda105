"""Tell the Macintosh's encoding of Cyrillic from that of Windows: small letters but я are the same in both."""

import re

WINDOWS, MACINTOSH = "cp1251", "mac-cyrillic"
LETTERS = re.compile("[А-Яа-яЁё]")
CAPITALS_WITHIN = re.compile("(?<=[а-яё])[А-ЯЁ]")


def choose_cyrillic(sample: bytes) -> str:
    """Return the encoding of Cyrillic letters, Windows' unless the Macintosh's gives more of them.

    Capitals of the one are signs in the other, and я of the one is a capital in the other.
    """
    return MACINTOSH if _rightness(sample, MACINTOSH) > _rightness(sample, WINDOWS) else WINDOWS


def _rightness(sample: bytes, encoding: str) -> int:
    text = sample.decode(encoding, "replace")
    return len(LETTERS.findall(text)) - 2 * len(CAPITALS_WITHIN.findall(text))
