"""Texts that are empty or only spaces."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from textclf.core.errors import DataError
from textclf.core.parallel import map_chunks
from textclf.data.dataset import Dataset, without_rows


def drop_blank_texts(dataset: Dataset) -> Dataset:
    """Drop the rows without a text, with a warning.

    Raises:
        DataError: no row is left.
    """
    blank = blank_texts(dataset.texts)
    if blank.all():
        raise DataError(f"{dataset.name}: expected texts, got only empty fields. Check data.text_column.")
    return without_rows(dataset, blank, "have no text")


def blank_texts(texts: pa.LargeStringArray) -> np.ndarray:
    """Return which texts are empty or only spaces, bool (texts,)."""
    return np.concatenate(list(map_chunks(_blank, texts)))


def _blank(texts: pa.LargeStringArray) -> np.ndarray:
    lengths = pc.binary_length(pc.utf8_trim_whitespace(texts))
    return lengths.to_numpy(zero_copy_only=False) == 0
