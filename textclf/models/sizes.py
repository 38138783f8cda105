"""What is known of the arrays before a network is built."""

from typing import NamedTuple


class Sizes(NamedTuple):
    """How many ids there are, and how long a row can be."""

    num_ids: int  # rows of the embedding of tokens, `Preprocessor.num_ids`
    sequence_length: int  # most tokens of a row
    num_ngrams: int = 0  # rows of the table of n-grams, `Preprocessor.num_ngrams`
