"""The preprocessor learns from the training texts, then turns any text into the arrays that a network reads."""

import json
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from textclf.core.errors import RunError
from textclf.core.files import parse_json
from textclf.core.options import checked
from textclf.core.parallel import map_chunks
from textclf.core.text_column import text_array
from textclf.preprocessing.ngrams import NGRAM_ARRAYS, Ngrams, learn_ngrams
from textclf.preprocessing.options import NormalizedOptions, PreprocessingOptions, VocabularyOptions
from textclf.preprocessing.ragged import (
    Ragged,
    RaggedArrays,
    concatenate,
    concatenate_arrays,
    fill_empty_rows,
    pad_arrays,
    truncate,
)
from textclf.preprocessing.tokenizers import TOKENIZERS
from textclf.preprocessing.vocabulary import learn_and_encode

# Tokenizers that learn nothing but a vocabulary. Their modules offer `split`, so training texts are split only once.
ONE_PASS = {"word", "character", "jieba"}


class Preprocessor:
    """A tokenizer with its vocabulary, truncation and padding, and n-grams if the network reads them.

    It is saved as one JSON file.

    Args:
        state: what the tokenizer has learned.
        ngrams: what `learn_ngrams` has learned, if the network reads n-grams.
        names: the arrays to make, keys of `ragged.DTYPES`.
    """

    def __init__(
        self,
        options: PreprocessingOptions,
        state: dict,
        ngrams: dict | None = None,
        names: Sequence[str] = ("token_ids",),
    ):
        self.options = options
        self.state = state
        self.names = tuple(names)
        self.tokenizer = TOKENIZERS[options.tokenizer].load(state, options)
        self.ngrams = None if ngrams is None else Ngrams(options.ngrams, _normalization(options), ngrams)

    @classmethod
    def fit(
        cls, options: PreprocessingOptions, texts: Iterable[str], names: Sequence[str] = ("token_ids",)
    ) -> "Preprocessor":
        """Learn from the texts that the network is fitted to, and only from them: never from those that measure it."""
        texts = text_array(texts)
        state = TOKENIZERS[options.tokenizer].learn(texts, options)
        wanted = any(name in NGRAM_ARRAYS for name in names)
        ngrams = learn_ngrams(texts, options.ngrams, _normalization(options)) if wanted else None
        return cls(options, state, ngrams, names)

    @classmethod
    def fit_encode(
        cls, options: PreprocessingOptions, texts: Iterable[str], names: Sequence[str] = ("token_ids",)
    ) -> tuple["Preprocessor", Iterator[RaggedArrays]]:
        """Learn as `fit` does, and return the encoded training texts, too, chunk by chunk.

        If the tokenizer allows it, the texts are split only once.

        Raises:
            WriteError: the disk is full.
        """
        texts = text_array(texts)
        if options.tokenizer in ONE_PASS and tuple(names) == ("token_ids",):
            assert isinstance(options, NormalizedOptions)
            vocabulary, parts = learn_and_encode(texts, options, TOKENIZERS[options.tokenizer].split)
            made = cls(options, {"vocabulary": vocabulary}, names=names)
            return made, ({"token_ids": fill_empty_rows(rows, made.tokenizer.unknown_id)} for rows in parts)
        made = cls.fit(options, texts, names)
        return made, made.encode_chunks(texts)

    def with_arrays(self, names: Sequence[str]) -> "Preprocessor":
        """Return the preprocessor that makes only the named arrays of those that this one makes."""
        made = copy(self)
        made.names = tuple(names)
        return made

    @property
    def num_ids(self) -> int:
        """Number of rows that an embedding of the token ids needs."""
        return self.tokenizer.num_ids

    @property
    def num_ngrams(self) -> int:
        """Number of rows that an embedding of the n-grams needs; 0 without n-grams."""
        return self.ngrams.num_ids if self.ngrams else 0

    def encode(self, texts: Iterable[str]) -> Ragged:
        """Return the token ids of the texts, truncated to `sequence_length`. No row is empty, whatever the text."""
        return concatenate(list(map_chunks(self._encode_chunk, text_array(texts))))

    def encode_arrays(self, texts: Iterable[str]) -> RaggedArrays:
        """Return the named arrays that the network reads. No row is empty, whatever the text."""
        return concatenate_arrays(list(self.encode_chunks(text_array(texts))), self.names)

    def encode_chunks(self, texts: pa.LargeStringArray) -> Iterator[RaggedArrays]:
        """Encode as `encode_arrays` does, chunk by chunk."""
        return map_chunks(self._arrays_of_chunk, texts)

    def _arrays_of_chunk(self, texts: pa.LargeStringArray) -> RaggedArrays:
        made = {"token_ids": self._encode_chunk(texts)} if "token_ids" in self.names else {}
        return made | (self.ngrams.encode(texts) if self.ngrams else {})

    def _encode_chunk(self, texts: pa.LargeStringArray) -> Ragged:
        rows = self.tokenizer.encode(texts)
        if self.tokenizer.truncate:
            rows = self.tokenizer.truncate(rows)
        else:
            assert isinstance(self.options, VocabularyOptions)
            rows = truncate(rows, self.options.sequence_length, self.options.truncating)
        return fill_empty_rows(rows, self.tokenizer.unknown_id)

    def pad(self, arrays: RaggedArrays, length: int | None = None) -> dict[str, np.ndarray]:
        """Pad rows for the network: (rows, longest row), or `token_ids` as (rows, `length`) if it is given."""
        return pad_arrays(arrays, self.options.padding, length)

    def save(self, path: Path) -> None:
        """Write the options and what was learned as one JSON file."""
        path.write_bytes(self.to_json())

    def to_json(self) -> bytes:
        """Return the content of that file."""
        content: dict[str, Any] = {"options": asdict(self.options), "state": self.state}
        if self.ngrams:
            content |= {"ngrams": self.ngrams.state, "names": self.names}
        return json.dumps(content, ensure_ascii=False, indent=0).encode()

    @classmethod
    def from_json(cls, content: bytes) -> "Preprocessor":
        """Read what `save` wrote. The file may be of unknown origin.

        Raises:
            RunError: `save` cannot have written it.
        """
        try:
            saved = parse_json(content)
            module = TOKENIZERS[saved["options"]["tokenizer"]]
            options = checked(module.Options, _complete(module.Options, saved["options"]))
            return cls(options, saved["state"], saved.get("ngrams"), _checked_names(saved))
        except (ValueError, KeyError, TypeError, pa.ArrowException) as error:
            raise RunError(f"expected a tokenizer file, but it cannot be used: {error}") from None


def _normalization(options: PreprocessingOptions) -> NormalizedOptions:
    """Return how texts are normalized before their n-grams are counted: as for the tokenizer, if it normalizes."""
    return options if isinstance(options, NormalizedOptions) else NormalizedOptions(remove_invisible=False)


def _complete(kind: type, saved: Any) -> Any:
    """Return saved options with those that older versions did not have, so that an old classifier stays what it was."""
    if issubclass(kind, NormalizedOptions) and isinstance(saved, dict):
        return {"remove_invisible": False, **saved}
    return saved


def _checked_names(saved: dict) -> list[str]:
    names = saved.get("names", ["token_ids"])
    known = [*NGRAM_ARRAYS, "token_ids"] if saved.get("ngrams") else ["token_ids"]
    if not isinstance(names, list) or not names or not set(names) <= set(known) or len(set(names)) < len(names):
        raise ValueError(f"expected names of arrays ({', '.join(known)})")
    return names
