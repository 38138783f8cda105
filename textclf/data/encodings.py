"""Detect the encoding of a file of texts from its first bytes."""

import codecs
import re
from typing import BinaryIO

SAMPLE_BYTES = 2**20
# Those that data sets come in. Of ISO 8859 and the like, which differ from these in a few characters, there is none.
ENCODINGS = (
    "utf_16", "cp932", "euc_jp", "gb18030", "big5", "cp949",
    "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp874", "koi8_r",
)  # fmt: skip
WEST_EUROPEAN = "cp1252"
TURKISH = "cp1254"  # has ğ, ş and ı where cp1252 has ð, þ and ý
LEAST_ZEROS = 0.01  # of the bytes of UTF-16: its spaces, digits and delimiters
ONE_SIDE = 0.95  # of them, before or after the byte of the character
CLOSE = 0.05  # most of its letters are those of cp1250: where charset-normalizer's coherence is as close, it is cp1252
ANY_BYTES = "latin-1"  # has a character for every byte
RUSSIAN = ("cp1251", "koi8_r")
JAPANESE = ("cp932", "euc_jp")
KANA = re.compile("[ぁ-ゖァ-ヺー]")
SHARE_OF_KANA = 0.25  # of the characters that are not ASCII


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

    UTF-8 is told first: other encodings hardly ever decode as UTF-8. charset-normalizer tells the others, except
    Japanese with kana: of one to three lines it takes one in seven for Korean or Chinese, and a count of kana none.
    """
    if encoding := _utf16_without_mark(sample):
        return encoding
    if _decodes(sample, "utf-8"):
        return "utf-8"
    for encoding in JAPANESE:
        if _share_of_kana(sample, encoding) >= SHARE_OF_KANA:
            return encoding
    from charset_normalizer import from_bytes  # takes a tenth of a second, and most files are UTF-8

    matches = from_bytes(sample, cp_isolation=list(ENCODINGS))
    best = matches.best()
    if best is None:
        return ANY_BYTES
    for match in matches:
        as_good = match.chaos <= best.chaos and match.coherence >= best.coherence - CLOSE
        if as_good and WEST_EUROPEAN in match.could_be_from_charset:
            return TURKISH if _is_turkish(sample) else WEST_EUROPEAN
    if best.encoding in RUSSIAN:
        return _by_case(sample)
    return best.encoding.replace("utf_", "utf-")


def _by_case(sample: bytes) -> str:
    """Return the Russian encoding in which most letters are small: the capitals of one are small letters of the other.

    A few short lines do not tell charset-normalizer which words are Russian.
    """
    text = sample.decode(RUSSIAN[0], "ignore")
    return RUSSIAN[sum(map(str.isupper, text)) > sum(map(str.islower, text))]


def _utf16_without_mark(sample: bytes) -> str | None:
    """Return UTF-16 in the byte order that the zeros of ASCII characters show; other texts have none."""
    zeros = sample.count(0)
    if not zeros or zeros < LEAST_ZEROS * len(sample) or sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return None
    after = sample[1::2].count(0) / zeros
    encoding = "utf-16-le" if after > ONE_SIDE else "utf-16-be" if 1 - after > ONE_SIDE else None
    return encoding if encoding and _decodes(sample[: len(sample) // 2 * 2], encoding) else None


def _is_turkish(sample: bytes) -> bool:
    """Return whether letters that differ between the two encodings are Turkish, and not Icelandic."""
    text = sample.decode(WEST_EUROPEAN, "ignore").casefold()
    return sum(map(text.count, "ðþý")) > sum(map(text.count, "áéíóúæ"))


def _decodes(sample: bytes, encoding: str) -> bool:
    try:
        sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _share_of_kana(sample: bytes, encoding: str) -> float:
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    return len(KANA.findall(text)) / max(sum(not character.isascii() for character in text), 1)
