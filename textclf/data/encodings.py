"""Detect the encoding of a file of texts from its first bytes."""

import codecs
import re
from typing import BinaryIO

from textclf.data.cyrillic_encodings import MACINTOSH, WINDOWS, choose_cyrillic
from textclf.data.latin_encodings import LATIN, choose_latin

SAMPLE_BYTES = 2**20
OTHER_SCRIPTS = (
    "gb18030", "big5", "cp949", "cp932", "euc-jp", "cp1251", "koi8-r", "cp866", "iso8859-5",
    "cp1253", "cp1255", "cp1256", "cp874", "utf-16", "utf-32", MACINTOSH,
)  # fmt: skip
# UTF-32 first: its mark begins with that of UTF-16.
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
LEAST_ZEROS = 0.01  # of the bytes of UTF-16: its spaces, digits and delimiters
ONE_SIDE = 0.95  # of them, before or after the byte of the character
ANY_BYTES = "latin-1"  # has a character for every byte
JAPANESE = ("cp932", "euc_jp")
KOREAN = "cp949"  # its ㅋㅋ and ㅠㅠ are kana in euc_jp
KANA = re.compile("[ぁ-ゖァ-ヺー]")
SHARE_OF_KANA = 0.25  # of the characters that are not ASCII
WORD = re.compile(rb"[A-Za-z\x80-\xff]{2,}")  # a letter alone is a word in many scripts
HIGH_BYTE = re.compile(rb"[\x80-\xff]")
CONTROLS_OF_ISO = re.compile(rb"[\x80-\x9f]")  # in ISO 8859
MOST_ACCENTS = 0.6  # of the letters of a word
MOSTLY = 0.8
NEARLY_ALL = 20  # characters for one that is wrong


def read_sample(stream: BinaryIO) -> bytes:
    """Return the first bytes of a stream, at most `SAMPLE_BYTES`, without a line that is cut off."""
    sample = b""
    while len(sample) < SAMPLE_BYTES and (more := stream.read(SAMPLE_BYTES - len(sample))):
        sample += more
    if len(sample) < SAMPLE_BYTES:
        return sample
    end = sample.rfind(b"\n") + 1 or len(sample)
    if sample.startswith(codecs.BOM_UTF16_LE):  # where a line break is a character of two bytes, the second zero
        end += end % 2
    return sample[:end]


def detect_encoding(sample: bytes) -> str:
    """Return the Python name of the encoding.

    UTF-8 is told first, as texts in other encodings hardly ever decode as UTF-8. A few wrong bytes do not change that:
    the reader says where they are. Japanese is told by its kana, others by chardet.
    """
    encoding = next((name for mark, name in MARKS.items() if sample.startswith(mark)), _utf16_without_mark(sample))
    if encoding:
        return encoding
    if _decodes(sample, "utf-8") or is_nearly_utf8(sample):
        return "utf-8"
    from chardet import detect_all  # takes a tenth of a second, and most files are UTF-8

    candidates: tuple[str, ...] = LATIN if _is_latin(sample) else (*LATIN, *OTHER_SCRIPTS)
    if CONTROLS_OF_ISO.search(sample):
        candidates = tuple(name for name in candidates if not name.startswith("iso"))
    found = detect_all(
        sample, ignore_threshold=True, max_bytes=len(sample), include_encodings=candidates, compat_names=False
    )
    likely = {str(one["encoding"]).lower(): one["confidence"] for one in found if one["encoding"]}
    best = next((name for name in likely if _decodes(sample, name)), ANY_BYTES)
    for encoding in JAPANESE:
        if best != KOREAN and _share_of_kana(sample, encoding) >= SHARE_OF_KANA:
            return encoding
    if best in LATIN:
        return choose_latin(sample, {name: likely[name] for name in likely if name in LATIN and _decodes(sample, name)})
    if best == MACINTOSH and _decodes(sample, WINDOWS):
        return choose_cyrillic(sample)
    return "big5" if best == "big5hkscs" and _decodes(sample, "big5") else best


def is_nearly_utf8(sample: bytes) -> bool:
    """Return whether a few bytes of a text in UTF-8 are wrong, or none. ASCII alone tells nothing."""
    text = sample.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    return NEARLY_ALL * wrong < sum(not character.isascii() for character in text) - wrong


def _is_latin(sample: bytes) -> bool:
    """Return whether most bytes that are not ASCII stand in words of Latin letters, as in "déjà".

    Words of Cyrillic, Greek or Chinese have hardly any ASCII letters, and an accent alone tells little of a language.
    """
    accents, every = 0, 0
    for word in WORD.findall(sample):
        high = len(HIGH_BYTE.findall(word))
        accents += high if high <= MOST_ACCENTS * len(word) else 0
        every += high
    return accents >= MOSTLY * every


def _utf16_without_mark(sample: bytes) -> str | None:
    """Return UTF-16 in the byte order that the zeros of ASCII characters show; other texts have none."""
    zeros = sample.count(0)
    if not zeros or zeros < LEAST_ZEROS * len(sample):
        return None
    after = sample[1::2].count(0) / zeros
    encoding = "utf-16-le" if after > ONE_SIDE else "utf-16-be" if 1 - after > ONE_SIDE else None
    return encoding if encoding and _decodes(sample[: len(sample) // 2 * 2], encoding) else None


def _decodes(sample: bytes, encoding: str) -> bool:
    try:
        _decoded(sample, encoding)
    except UnicodeDecodeError:
        return False
    return True


def _decoded(sample: bytes, encoding: str) -> str:
    """Return the text of a sample. One without a line end may be cut within a character."""
    return codecs.getincrementaldecoder(encoding)().decode(sample, len(sample) < SAMPLE_BYTES)


def _share_of_kana(sample: bytes, encoding: str) -> float:
    try:
        text = _decoded(sample, encoding)
    except UnicodeDecodeError:
        return 0.0
    return len(KANA.findall(text)) / max(sum(not character.isascii() for character in text), 1)
