"""The contract of a tokenizer: what its module must offer, and what `load` returns.

The table `TOKENIZERS` in `tokenizers/__init__.py` lists the modules. A tokenizer that learns nothing but a vocabulary
also offers `split(texts, options) -> TokenSpans`, and its name may stand in `ONE_PASS` in `preprocessor.py`: the
preprocessor then splits the training texts once, both to learn and to encode them. One that reads files also offers
`fingerprint(options) -> str`, their checksum, by which the cache knows that they changed.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import pyarrow as pa

from textclf.preprocessing.options import PreprocessingOptions
from textclf.preprocessing.ragged import Ragged


class Tokenizer(NamedTuple):
    """A learned tokenizer. Id 0 is padding, which `encode` never returns."""

    encode: Callable[[pa.LargeStringArray], Ragged]
    num_ids: int  # number of rows of an embedding: the largest id + 1
    unknown_id: int  # stands for a text without any token
    ids: Callable[[], dict[str, int]]  # the id of every token
    # Rows -> at most `sequence_length` ids of each, or windows of so many; None: as `truncating` says.
    truncate: Callable[[Ragged], Ragged] | None = None
    longest: int | None = None  # tokens of the longest text that is read whole; None: `sequence_length`


class TokenizerModule(Protocol):
    """A module listed in `TOKENIZERS`, see `tokenizers/__init__.py`."""

    Options: type[PreprocessingOptions]  # with a field `tokenizer: Literal["<its name>"]`

    def learn(self, texts: pa.LargeStringArray, options: PreprocessingOptions) -> dict:
        """Learn from the training texts. Returns what JSON can hold, the same for the same texts on every machine."""

    def load(self, state: dict, options: PreprocessingOptions) -> Tokenizer:
        """Return the tokenizer. The state may come from a file of unknown origin, so check it.

        Raises:
            TypeError, ValueError, KeyError: `learn` cannot have returned this state.
        """
