"""What the JavaScript knows of the tokenizer of a pretrained encoder: its Unicode, measured character by character.

`@huggingface/tokenizers` cuts words into tokens in a browser. Its normalizer and its pre-tokenizers differ from those
of the Python package, which has an older version of Unicode and lowers each letter by itself. So both are written out
as tables here, by asking the Python package about every character.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from textclf.core.errors import RunError
from textclf.core.files import parse_json

if TYPE_CHECKING:
    import tokenizers

CODE_POINTS = 0x110000
BLOCK = 2048  # characters asked about at once
SEPARATOR = "\u2603"  # between characters: no normalizer changes it


def _asked() -> np.ndarray:
    """Return for every code point the one that is asked about in its place: whole planes have no character yet."""
    points = np.arange(CODE_POINTS)
    points[0x40000:0xE0000] = 0x40000
    points[0xE1000:] = 0xF0000
    points[0xD800:0xE000] = 0xFFFD  # halves of surrogate pairs are replaced by it before
    points[ord(SEPARATOR)] = ord(SEPARATOR) - 1
    return points


ASKED = _asked()
HANGUL = range(0xAC00, 0xD7A4)  # syllables, taken apart by rule
WORD, SPACE, ALONE = range(3)  # classes of BERT's pre-tokenizer
OTHER, LETTER, NUMBER, BLANK = range(4)  # classes of the byte-level one
PORTED = "a tokenizer of BERT (BertNormalizer, BertPreTokenizer, WordPiece) or of RoBERTa (ByteLevel, BPE)"


def pretrained_tables(content: str) -> dict[str, Any]:
    """Return the tables of a tokenizer.

    Args:
        content: its `tokenizer.json`, as the state of the tokenizer `pretrained` has it.

    Raises:
        RunError: the tokenizer has a part that is not ported.
    """
    from tokenizers import Tokenizer

    settings, parsed = parse_json(content.encode()), Tokenizer.from_str(content)
    _check(settings)
    if settings["model"]["type"] == "WordPiece":
        tables = _normalizer_tables(parsed) if settings["normalizer"] else {}
        classes = _bert_classes(parsed)
        return {**tables, "spaces": _ranges(classes == SPACE), "alone": _ranges(classes == ALONE)}
    classes = _byte_classes(parsed)
    kinds = {"letters": LETTER, "numbers": NUMBER, "blanks": BLANK}
    return {name: _ranges(classes == kind) for name, kind in kinds.items()}


def _check(settings: dict[str, Any]) -> None:
    """Check that every part of a tokenizer is ported.

    Raises:
        RunError: one is not.
    """
    kinds = tuple((settings.get(part) or {}).get("type") for part in ("normalizer", "pre_tokenizer", "model"))
    model = settings["model"]
    if kinds not in (
        ("BertNormalizer", "BertPreTokenizer", "WordPiece"),
        (None, "BertPreTokenizer", "WordPiece"),
        (None, "ByteLevel", "BPE"),
    ):
        raise RunError(f"--format web: expected {PORTED}, got {', '.join(map(str, kinds))}. Use another encoder.")
    found = [token["content"] for token in settings.get("added_tokens", []) if not token["special"]]
    if found:
        raise RunError(f"--format web: expected no added tokens in the tokenizer, got {found[0]!r:.40}.")
    changed = [
        name
        for name in ("dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback", "fuse_unk")
        if model["type"] == "BPE" and model.get(name)
    ]
    if settings["pre_tokenizer"].get("use_regex") is False:
        changed.append("use_regex")
    if changed:
        raise RunError(f"--format web: expected {PORTED}, got one with {changed[0]}. Use another encoder.")


def _normalizer_tables(parsed: "tokenizers.Tokenizer") -> dict[str, Any]:
    """Return what the normalizer makes of every character that it changes. It reads each by itself."""
    normalize = parsed.normalizer.normalize_str
    made = {
        point: text
        for points in _blocks()
        for point, text in zip(points, normalize(SEPARATOR.join(map(chr, points))).split(SEPARATOR), strict=True)
    }
    apart = {point for point, text in made.items() if text == f" {chr(point)} "}
    hangul = made[HANGUL[0]] != chr(HANGUL[0])
    by_table = (point for point, text in made.items() if text not in ("", chr(point)) and point not in apart)
    return {
        "removed": _ranges(np.isin(ASKED, [point for point, text in made.items() if not text])),
        "apart": _ranges(np.isin(ASKED, [*apart])),
        "hangul": hangul,
        "changed": {chr(point): made[point] for point in by_table if not (hangul and point in HANGUL)},
    }


def _bert_classes(parsed: "tokenizers.Tokenizer") -> np.ndarray:
    """Return the class of every code point: a space goes, one that stands alone is a word of its own."""
    pieces = _pieces(parsed, lambda character: f"a{character}a")
    kinds = {(3,): WORD, (1, 1): SPACE, (1, 1, 1): ALONE}
    return _classes(kinds[lengths] for lengths in pieces)


def _byte_classes(parsed: "tokenizers.Tokenizer") -> np.ndarray:
    """Return the class of every code point: only letters, numbers or others are joined to one word."""
    after_letter, between = (
        _pieces(parsed, make) for make in (lambda character: f"a{character}", lambda character: f"1{character * 2}!")
    )
    kinds = {(3, 1): NUMBER, (1, 3): OTHER, (1, 1, 1, 1): BLANK, (1, 1, 2): BLANK}  # the last is U+0020
    return _classes(
        LETTER if first == (2,) else kinds[second] for first, second in zip(after_letter, between, strict=True)
    )


def _pieces(parsed: "tokenizers.Tokenizer", make: Callable[[str], str]) -> Iterator[tuple[int, ...]]:
    """Yield for every character the lengths of the pieces of a text with it."""
    for points in _blocks():
        texts = [make(chr(point)) for point in points]
        width = len(texts[0]) + 1
        found: list[list[int]] = [[] for _ in texts]
        # A space before a word is part of it in the byte-level one, so the texts are lines.
        for _, (start, end) in parsed.pre_tokenizer.pre_tokenize_str("\n".join(texts)):
            if start % width < width - 1:
                found[start // width].append(end - start)
        yield from map(tuple, found)


def _blocks() -> Iterator[list[int]]:
    points = np.unique(ASKED)
    for start in range(0, len(points), BLOCK):
        yield points[start : start + BLOCK].tolist()


def _classes(kinds: Iterable[int]) -> np.ndarray:
    """Return the class of every code point, from those of the characters that were asked about."""
    points = np.unique(ASKED)
    classes = np.zeros(CODE_POINTS, np.uint8)
    classes[points] = np.fromiter(kinds, np.uint8, len(points))
    return classes[ASKED]


def _ranges(matches: np.ndarray) -> list[list[int]]:
    """Return the places that are true as ranges: the first, and the one behind the last."""
    edges = np.flatnonzero(np.diff(matches.astype(np.int8), prepend=0, append=0))
    return edges.reshape(-1, 2).tolist()
