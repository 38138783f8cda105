"""The sizes of the input arrays that a network is built for. No Keras here."""

from typing import NamedTuple

MASKED = -1e9  # replaces values at padding: never a maximum, and a weight of 0 after a softmax


class Sizes(NamedTuple):
    """The number of ids, and the length of a row."""

    num_ids: int  # rows of the token embedding, `Preprocessor.num_ids`
    sequence_length: int  # maximum tokens of a row
    num_ngrams: int = 0  # rows of the n-gram table, `Preprocessor.num_ngrams`
