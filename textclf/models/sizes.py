"""The sizes of the input arrays that a network is built for. No Keras here."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from textclf.preprocessing.preprocessor import Preprocessor

MASKED = -1e9  # replaces values at padding: never a maximum, and a weight of 0 after a softmax


class Sizes(NamedTuple):
    """The number of ids, and the length of a row."""

    num_ids: int  # rows of the token embedding, `Preprocessor.num_ids`
    sequence_length: int  # maximum tokens of a row, or of a window
    num_ngrams: int = 0  # rows of the n-gram table, `Preprocessor.num_ngrams`
    windows: bool = False  # a row has windows of `sequence_length` tokens, one after the other


def sizes_of(preprocessor: "Preprocessor") -> Sizes:
    """Return the sizes of the arrays that a preprocessor makes."""
    options = preprocessor.options
    return Sizes(preprocessor.num_ids, options.sequence_length, preprocessor.num_ngrams, options.reads_windows)
