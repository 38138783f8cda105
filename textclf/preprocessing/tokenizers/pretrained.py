"""Tokenizer `pretrained`: that of a pretrained encoder, from its `tokenizer.json`. It learns nothing from the texts.

Ids are those of the encoder, with one exception: 0 is padding everywhere in textclf, so an encoder with another id of
padding (1 in RoBERTa and XLM-R) gets both exchanged. `models/encoder/tensors.py` exchanges the rows of its word table.
"""

import json
from collections.abc import Callable
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa

from textclf.core.errors import ConfigError, DataError
from textclf.core.files import checksum, parse_json
from textclf.core.options import setting
from textclf.preprocessing.options import PreprocessingOptions
from textclf.preprocessing.ragged import Ragged
from textclf.preprocessing.tokenizers import long_texts
from textclf.preprocessing.tokenizers.long_texts import SpecialTokens
from textclf.preprocessing.tokenizers.tokenizer import Tokenizer

if TYPE_CHECKING:  # imported where it is used, so that other tokenizers run without it
    import tokenizers

FILE = "tokenizer.json"
LARGEST_FILE = 64 * 2**20  # bytes; that of XLM-R has 17 MB
MOST_IDS = 2_000_000
PADDING_TOKENS = ("[PAD]", "<pad>")
UNKNOWN_TOKENS = ("[UNK]", "<unk>")
PROBES = ("a", "1", ".", "的", "ꙮ")  # of which at least one has tokens, and at least one is unknown text
WINDOWS = "windows"


class Options(PreprocessingOptions):
    """The tokens that a pretrained encoder was trained on. Answering needs no other file than the classifier."""

    tokenizer: Literal["pretrained"] = setting(
        default="pretrained", description="Tokens of a pretrained encoder, from its `tokenizer.json`."
    )
    weights: str | None = setting(
        default=None,
        description="Encoder that has the tokenizer, as `model.weights` (null: the encoder of the network).",
    )
    revision: str | None = setting(
        default=None, description="Its revision on the hub, as `model.revision` (null: that of the network)."
    )
    long_texts: Literal["head", "tail", "head_tail", "windows"] = setting(
        default="head",
        description="Part that is read of a text with more than `sequence_length` tokens: its beginning (head), its "
        "end (tail), a quarter from the beginning and the rest from the end (head_tail), or up to 8 parts of that "
        "length, which the encoder reads one by one and whose vectors are averaged (windows). The special tokens stay.",
    )

    @property
    def reads_windows(self) -> bool:
        """Return whether a row consists of windows."""
        return self.long_texts == WINDOWS


class State(NamedTuple):
    """What the preprocessor saves. All ids are those after the exchange of padding."""

    tokenizer: str  # content of a `tokenizer.json` without special tokens, truncation and padding
    padding: int  # the id of padding before the exchange
    before: list[int]  # special tokens before every text
    after: list[int]
    unknown: int
    num_ids: int

    @property
    def special(self) -> SpecialTokens:
        """Return the special tokens around every text."""
        return SpecialTokens(self.before, self.after)


def learn(texts: pa.LargeStringArray, options: Options) -> dict:  # noqa: ARG001
    """Read the tokenizer of the encoder.

    Raises:
        ConfigError, DataError: there is no encoder or tokenizer, or it cannot be used.
    """
    state = _read_file(_path(options))
    if options.sequence_length <= len(state.before) + len(state.after):
        raise ConfigError(
            f"preprocessing.sequence_length: expected more than {len(state.before) + len(state.after)}, the special "
            f"tokens that the encoder adds to every text, got {options.sequence_length}."
        )
    return state._asdict()


def padding_id(folder: Path) -> int:
    """Return the id of padding of the tokenizer in the folder of an encoder, before the exchange.

    Raises:
        DataError: there is no tokenizer, or it cannot be used.
    """
    return _read_file(folder / FILE).padding


def _read_file(path: Path) -> State:
    try:
        if not path.is_file() and path.exists():
            raise ValueError("expected an ordinary file, got something else")
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError(f"expected at most {LARGEST_FILE:,} bytes")
        return _read_state(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(
            f"{path}: expected the tokenizer of the encoder, but there is no such file. Older encoders have only "
            f"vocab.txt: the package transformers writes {FILE} with AutoTokenizer.from_pretrained(FOLDER)"
            ".save_pretrained(FOLDER)."
        ) from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: cannot be used: {error}.") from None


def fingerprint(options: Options) -> str:
    """Return the checksum of what `learn` reads: the name of a folder does not say what is in it."""
    path = _path(options)
    return checksum(path) if path.is_file() else ""


def load(state: dict, options: Options) -> Tokenizer:
    """Return the tokenizer with this state.

    Raises:
        TypeError, ValueError, KeyError: `learn` cannot have returned it with these options.
    """
    known = _checked(state)
    if options.sequence_length <= sum(map(len, known.special)):
        raise ValueError("expected a sequence_length above the number of special tokens")
    pieces = _parse(known.tokenizer)
    pieces.encode_special_tokens = True  # "[SEP]" in a text of a stranger is text
    exchange = _exchange(known.padding)
    return Tokenizer(
        encode=lambda texts: _encode(pieces, known, exchange, texts),
        num_ids=known.num_ids,
        unknown_id=known.unknown,
        ids=lambda: {piece: exchange(number) for piece, number in pieces.get_vocab().items() if exchange(number) > 0},
        truncate=lambda rows: _truncate(rows, known.special, options),
        longest=long_texts.longest(known.special, options.sequence_length, options.long_texts),
    )


def _path(options: Options) -> Path:
    from textclf.core.encoder_source import resolve  # answering needs nothing of it

    if options.weights is None:
        raise ConfigError(
            "preprocessing.weights: expected an encoder, because tokenizer is pretrained and the network is no "
            "encoder, got null."
        )
    return resolve(options.weights, options.revision).folder / FILE


def _read_state(content: str) -> State:
    """Return the state of a `tokenizer.json`.

    Raises:
        ValueError: it is damaged, or has no token for padding or unknown text.
    """
    settings = parse_json(content.encode())
    whole = _parse(json.dumps({**settings, "truncation": None, "padding": None}))
    parts = _parse(json.dumps({**settings, "truncation": None, "padding": None, "post_processor": None}))
    padding = _first_id(whole, PADDING_TOKENS)
    before, after = _special_tokens(whole)
    exchange = _exchange(padding)
    state = State(
        tokenizer=parts.to_str(),
        padding=padding,
        before=[exchange(number) for number in before],
        after=[exchange(number) for number in after],
        unknown=exchange(_first_id(whole, UNKNOWN_TOKENS)),
        num_ids=max(whole.get_vocab().values()) + 1,
    )
    return _checked(state._asdict())  # whatever `load` rejects is rejected here, too


def _first_id(tokenizer: "tokenizers.Tokenizer", names: tuple[str, ...]) -> int:
    found = [number for name in names if (number := tokenizer.token_to_id(name)) is not None]
    if not found:
        raise ValueError(f"expected a token {' or '.join(names)}, but there is none")
    return found[0]


def _special_tokens(tokenizer: "tokenizers.Tokenizer") -> tuple[list[int], list[int]]:
    """Return the ids that the tokenizer puts before and after every text."""
    for text in PROBES:
        inner, whole = (tokenizer.encode(text, add_special_tokens=special).ids for special in (False, True))
        for start in range(len(whole) - len(inner) + 1):
            if inner and whole[start : start + len(inner)] == inner:
                return whole[:start], whole[start + len(inner) :]
    raise ValueError("it makes no token of any text")


def _parse(content: str) -> "tokenizers.Tokenizer":
    """Return the tokenizer of a file, which may come from a stranger.

    Raises:
        ValueError: it cannot be used.
    """
    from tokenizers import Tokenizer as Parsed

    pieces = _without_panic(lambda: Parsed.from_str(content))
    unknown = getattr(pieces.model, "unk_token", None)
    if unknown is not None and pieces.model.token_to_id(unknown) is None:
        raise ValueError(f"expected its token of unknown text, '{unknown}', in the vocabulary")
    for text in PROBES:
        _without_panic(partial(pieces.encode, text))
    return pieces


def _without_panic(function: Callable[[], Any]) -> Any:
    """Call a function of `tokenizers`, and raise its errors as ValueError.

    The library raises plain `Exception`, and for a fault of its own `PanicException`, which is no `Exception`.
    """
    try:
        return function()
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise ValueError(f"the tokenizer fails: {error}") from None


def _checked(state: dict) -> State:
    """Return the state of a file of unknown origin.

    Raises:
        TypeError, ValueError, KeyError: `learn` cannot have returned it.
    """
    known = State(*(state[name] for name in State._fields))
    if not isinstance(known.tokenizer, str) or type(known.num_ids) is not int or not 2 <= known.num_ids <= MOST_IDS:
        raise ValueError(f"expected a tokenizer of 2 to {MOST_IDS:,} ids")
    if not isinstance(known.before, list) or not isinstance(known.after, list):
        raise TypeError("expected lists of special tokens")
    special = [*known.before, *known.after, known.unknown]
    if not all(type(number) is int and 0 < number < known.num_ids for number in special):
        raise ValueError("expected special tokens with ids of the tokenizer")
    if type(known.padding) is not int or not 0 <= known.padding < known.num_ids:
        raise ValueError("expected an id of padding")
    return known


def _exchange(padding: int) -> Callable[[int], int]:
    """Return the function that exchanges the ids of padding and 0."""
    exchanged = {padding: 0, 0: padding}
    return lambda number: exchanged.get(number, number)


def _encode(
    pieces: "tokenizers.Tokenizer", state: State, exchange: Callable[[int], int], texts: pa.LargeStringArray
) -> Ragged:
    """Return a row with the ids of every text, special tokens included."""
    encodings = _without_panic(lambda: pieces.encode_batch_fast(texts.to_pylist(), add_special_tokens=False))
    inner = [encoding.ids for encoding in encodings]
    lengths = np.array([*map(len, inner)], np.int64)
    values = np.fromiter(chain.from_iterable(inner), np.int64, int(lengths.sum()))
    zero, padding = values == 0, values == state.padding
    values[zero] = exchange(0)
    values[padding | (values >= state.num_ids)] = state.unknown  # a text has no padding
    return long_texts.with_special_tokens(Ragged.from_lengths(values, lengths), state.special)


def _truncate(rows: Ragged, special: SpecialTokens, options: Options) -> Ragged:
    """Return what is read of long texts."""
    if options.reads_windows:
        return long_texts.windows(rows, special, options.sequence_length)
    return long_texts.truncated(rows, special, options.sequence_length, options.long_texts)
