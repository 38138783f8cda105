"""Find texts that no language writes: decoded with another encoding than they were written in."""

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from textclf.core.formatting import percent, short_repr
from textclf.core.parallel import map_chunks
from textclf.data.checks.context import CheckContext
from textclf.data.checks.finding import Finding, rows_by_split, severity_of

# The characters of the bytes 80 to BF, which go on a character of UTF-8, in Windows-1252 and in Windows-1251. Quotes,
# dashes and dots are left out behind a single letter: "AMANHÃ”" is Portuguese.
REST_1252 = r"\x{80}-\x{BF}€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
LETTERS_1252 = r"\x{80}-\x{BF}€‚ƒ„†‡ˆ‰Š‹ŒŽ˜™š›œžŸ"
REST_1251 = r"\x{A0}ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—™љ›њќћџЎўЈ¤Ґ¦§Ё©Є«¬\x{AD}®Ї°±Ііґµ¶·ё№є»јЅѕї"
# Frequent where UTF-8 is read as GBK. One alone may be Chinese: 涓涓细流.
UTF8_AS_GBK = "鐨鏄鍦涓鎴浠锛銆鍙绗"
# RE2, each with what it finds.
PATTERNS = (
    r"[\x{80}-\x{9F}]",  # Windows-1252 read as Latin-1
    rf"Ã[{LETTERS_1252}]|Â[\x{{A0}}-\x{{BF}}]|â€|ï»¿|ðŸ",  # UTF-8 read as Windows-1252: é, ', a mark, an emoji
    rf"(?:[ÐÑ][{REST_1252}]){{2}}",  # Cyrillic
    rf"(?:[à-ï][{REST_1252}]{{2}}){{2}}",  # Chinese, Japanese, Korean, Thai
    rf"(?:[РС][{REST_1251}]){{3}}",  # Cyrillic in UTF-8 read as Windows-1251
    r"(?:Ĺ[›‚şĽ]|Ä[…‡™]|Ă[łź“])",  # Polish in UTF-8 read as Windows-1250
    r"[A-Za-z][бвгджзийлптфцчшщъыьэюя][a-z]",  # Windows-1252 read as Windows-1251
    r"(?:^|[\s,.])[а-яё][А-ЯЁ]{4,}(?:$|[\s,.])",  # KOI8-R read as Windows-1251, and the reverse
    r"[а-яё][А-ЯЁ]+[а-яё]+[А-ЯЁ]",  # ISO 8859-5, or others for Cyrillic
    r"(?:縺.|繧.|繝.){2}",  # Japanese in UTF-8 read as Shift-JIS
    "锟斤拷",  # UTF-8 with U+FFFD read as GBK
    *(f"{one}.{{0,6}}[{UTF8_AS_GBK.replace(one, '')}]" for one in UTF8_AS_GBK),
)
# Letters of Latin-1 without a plain one among them: Cyrillic, Greek, Chinese or Korean, one or two of them for each of
# theirs. "éééé!" is no such thing: some of them differ.
RUN = r"[À-ÖØ-öø-ÿ]{5,}|[\x{A1}-\x{FF}]{6,}"
DIFFERENT, LETTERS = 4, 2
# The most frequent characters of Chinese, simplified and traditional: 45 to 55 of 100 in texts, below 4 in others that
# are read as GB18030 (Korean, Japanese, Big5, UTF-8, cp1251; tests/data/checks/test_encoding.py).
FREQUENT = frozenset(
    "的一是不了在人有我他这這中大来來上国國个個到说說们們为為子和你地出道也时時年得就那要下以生会會自着去之过過家学學对對可她里裡"
    "后後小么麼心多天而能好都然没沒日于於起还還发發成事只作当當想看文无無开開手十用主行方又如前所本见見经經头頭面公同三已老从從"
    "动動两兩长長知民样樣现現分将將外但身些与與高意进進把法此实實回二理美点點月明其种種声聲全工己话話儿兒者向情部正名定女问問力"
    "机機给給等几幾很业業最间間新什打便位因重被走电電四第门門相次东東政海口使教西再平真听聽世气氣信北少关關并並内內加化由却代军"
    "軍产產入先山五太水万市眼体體别處处总總才场場师師书書比住员員九笑性通目华華报報立马馬命张張活难難神数數件安表原车車白应應路"
    "期叫死常提感金何更反合放做系计計或司利受光王果"
)
LEAST_FREQUENT = 0.15
LEAST_HAN = 50  # characters
HAN, KANA, LETTERS_OF_ALL = slice(0x4E00, 0xA000), slice(0x3041, 0x3100), slice(0x41, 0xE000)
MOST_KANA = 0.1  # of the Chinese characters: Japanese has more
ADVICE = (
    "Check data.encoding: the texts should read well. If the file itself is so, convert it again from its source as "
    "UTF-8."
)


def wrong_encoding(context: CheckContext) -> Iterator[Finding]:
    """Find rows with characters that come from a wrong encoding, and splits of Chinese characters that are noise."""
    marked = {split: _wrong(dataset.texts) for split, dataset in context.sampled.items()}
    described, share = rows_by_split(context.sampled, marked)
    if share:
        split = next(split for split, rows in marked.items() if rows.any())
        first = context.sampled[split].texts[int(np.argmax(marked[split]))].as_py()
        found = f"These rows look like text decoded with a wrong encoding: {described}, such as {short_repr(first)}."
        yield Finding(severity_of(share), "wrong encoding", found, ADVICE)
    for split, counts in context.characters.items():
        share = _frequent_han(counts)
        if share < LEAST_FREQUENT:
            found = (
                f"{split}: only {percent(share)} of the Chinese characters are among the most frequent ones, in texts "
                f"about half; such as {short_repr(context.sampled[split].texts[0].as_py())}."
            )
            yield Finding("warning", "wrong encoding", found, ADVICE)


def _wrong(texts: pa.LargeStringArray) -> np.ndarray:
    parts = map_chunks(_wrong_in, texts)
    return np.concatenate([np.empty(0, bool), *parts]).astype(bool)


def _wrong_in(chunk: pa.LargeStringArray) -> np.ndarray:
    # `PATTERNS` and `RUN` find nothing in ASCII. A search for other characters takes a seventh of their time.
    others = ~pc.string_is_ascii(chunk).to_numpy(zero_copy_only=False)
    texts = chunk.filter(pa.array(others))
    found = pc.match_substring_regex(texts, "|".join(PATTERNS)).to_numpy(zero_copy_only=False)
    runs = pc.match_substring_regex(texts, RUN).to_numpy(zero_copy_only=False)
    for row in np.flatnonzero(runs & ~found):
        found[row] = any(map(_is_noise, RUN_IN_PYTHON.findall(texts[int(row)].as_py())))
    wrong = np.zeros(len(chunk), bool)
    wrong[others] = found
    return wrong


RUN_IN_PYTHON = re.compile(RUN.replace(r"\x{A1}", "\xa1").replace(r"\x{FF}", "\xff"))


def _is_noise(run: str) -> bool:
    return len({*run.casefold()}) >= DIFFERENT and sum(map(str.isalpha, run)) >= LETTERS


def _frequent_han(counts: np.ndarray) -> float:
    """Return the share of frequent characters among the Chinese ones; 1 where these are few, or no Chinese."""
    han = int(counts[HAN].sum())
    letters = int(counts[LETTERS_OF_ALL].sum())
    if han < LEAST_HAN or 2 * han < letters or counts[KANA].sum() > MOST_KANA * han:
        return 1.0
    return sum(int(counts[ord(character)]) for character in FREQUENT) / han
