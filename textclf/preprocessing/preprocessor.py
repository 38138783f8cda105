"""The preprocessor: learns a vocabulary from the training texts, then turns any text into token ids."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from textclf.errors import RunError
from textclf.files import parse_json
from textclf.parallel import map_chunks
from textclf.preprocessing import TOKENIZERS
from textclf.preprocessing.options import PreprocessingOptions
from textclf.preprocessing.token_ids import TokenIds, concatenate, fill_empty, pad, truncate
from textclf.text_array import text_array

OUTPUTS = ("token_ids",)  # the named arrays that `pad` makes; an architecture says which of them it needs


class Preprocessor:
    """One tokenizer with its vocabulary, its cutting and its padding. Saved as one JSON file."""

    def __init__(self, options: PreprocessingOptions, state: dict):
        self.options = options
        self.state = state
        self.tokenizer = TOKENIZERS[options.tokenizer].load(state, options)

    @classmethod
    def fit(cls, options: PreprocessingOptions, texts: Iterable[str]) -> "Preprocessor":
        """Learn from the training texts. Never give it a text of validation or test."""
        return cls(options, TOKENIZERS[options.tokenizer].learn(text_array(texts), options))

    @property
    def num_ids(self) -> int:
        """Rows that an embedding of the token ids needs."""
        return self.tokenizer.num_ids

    def encode(self, texts: Iterable[str]) -> TokenIds:
        """Texts -> rows of ids, cut to `sequence_length`. No row is empty, whatever the text."""
        return concatenate(list(self.encode_chunks(text_array(texts))))

    def encode_chunks(self, texts: pa.LargeStringArray) -> Iterator[TokenIds]:
        """As `encode`, a few rows at a time."""
        return map_chunks(self._encode_chunk, texts)

    def _encode_chunk(self, texts: pa.LargeStringArray) -> TokenIds:
        rows = truncate(self.tokenizer.encode(texts), self.options.sequence_length, self.options.truncating)
        return fill_empty(rows, self.tokenizer.unknown_id)

    def pad(self, rows: TokenIds, length: int | None = None) -> dict[str, np.ndarray]:
        """Rows -> named arrays for the network: `token_ids` int32 (rows, longest row or `length`)."""
        return {"token_ids": pad(rows, length, self.options.padding)}

    def transform(self, texts: Iterable[str]) -> dict[str, np.ndarray]:
        """Texts -> named arrays, padded to `sequence_length`."""
        return self.pad(self.encode(texts), self.options.sequence_length)

    def save(self, path: Path) -> None:
        """Write options and vocabulary as one JSON file."""
        content = {"options": self.options.model_dump(), "state": self.state}
        path.write_text(json.dumps(content, ensure_ascii=False, indent=0), encoding="utf-8")

    @classmethod
    def from_json(cls, content: bytes) -> "Preprocessor":
        """Read what `save` wrote, from a file that may come from anywhere.

        Raises:
            RunError: it is not that.
        """
        try:
            saved = parse_json(content)
            module = TOKENIZERS[saved["options"]["tokenizer"]]
            return cls(module.Options.model_validate(saved["options"]), saved["state"])
        except (ValueError, KeyError, TypeError, pa.ArrowException) as error:
            raise RunError(f"expected a tokenizer file, but it cannot be used: {error}") from None
