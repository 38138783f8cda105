"""What a tokenizer module must offer, and what it makes."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import pyarrow as pa

from textclf.preprocessing.options import PreprocessingOptions
from textclf.preprocessing.ragged import Ragged


class Tokenizer(NamedTuple):
    """A learned tokenizer. Id 0 is padding and never comes out of `encode`."""

    encode: Callable[[pa.LargeStringArray], Ragged]
    num_ids: int  # rows of an embedding: the largest id + 1
    unknown_id: int  # stands for a text in which nothing was found
    ids: Callable[[], dict[str, int]]  # of every token; made when it is asked for


class TokenizerModule(Protocol):
    """A module listed in `TOKENIZERS`."""

    Options: type[PreprocessingOptions]  # with a field `tokenizer: Literal["<its name>"]`

    def learn(self, texts: pa.LargeStringArray, options: PreprocessingOptions) -> dict:
        """Training texts -> what was learned, as plain JSON."""

    def load(self, state: dict, options: PreprocessingOptions) -> Tokenizer:
        """What was learned -> a tokenizer. The state may come from a stranger's file: check it."""
