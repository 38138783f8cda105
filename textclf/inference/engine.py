"""What an ONNX graph answers to encoded texts: batches of similar length, on all cores."""

import logging
import os
from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import numpy as np

from textclf.core.memmap import release_pages
from textclf.inference.onnx.session import InferenceSession, open_session, run_session
from textclf.preprocessing.arrays import Arrays, lengths_of, num_rows, take_rows
from textclf.preprocessing.preprocessor import Preprocessor

log = logging.getLogger(__name__)

BATCHES_AT_ONCE = 500
MOST_KEPT_BYTES = 2**26  # of a graph, which would be in memory twice
TOKENS_OF_AN_ID = 8  # so many tokens are answered until a table with a row for each id has paid
BATCHES_OF_A_CORE = 5  # so that none waits long for the other
REPLACED = {"LSTM", "Conv"}  # what tables can stand for; `token_tables` is not imported to answer a single text


class Sizes(NamedTuple):
    """Of a batch. Larger ones gain nothing on a CPU, pad more and need more memory."""

    tokens: int  # at most, padding included
    fewest_rows: int  # even if they have more tokens
    rows: int  # at most


USUAL = Sizes(8_192, 16, 64)
LSTM_WITH_TABLES = Sizes(65_536, 32, 256)  # a step takes as long as the work of some ten rows, and has little memory


class GraphAnswers:
    """A graph that answers, and another for many texts where one with tables is quicker (see `token_tables`).

    Args:
        model: a graph that `check_graph` has seen.
        operators: of its nodes.

    Raises:
        GraphError: it cannot be used.
    """

    def __init__(self, model: bytes, preprocessor: Preprocessor, num_units: int, operators: set[str]):
        self._preprocessor = preprocessor
        self._num_units = num_units
        self._session = open_session(model, names=preprocessor.names, num_units=num_units)
        replaceable = operators & REPLACED and "token_ids" in preprocessor.names
        self._model = model if replaceable and len(model) <= MOST_KEPT_BYTES else None
        self._sizes_with_tables = LSTM_WITH_TABLES if "LSTM" in operators else USUAL
        self._num_tokens = 0

    def outputs(self, arrays: Arrays) -> np.ndarray:
        """What the graph makes of texts, float32 (texts, num_units), in their order.

        Raises:
            GraphError: it fails, which one that was trained here never does.
        """
        outputs = np.empty((num_rows(arrays), self._num_units), np.float32)
        lengths = lengths_of(arrays)
        session, sizes = self._session, USUAL
        tables: dict[str, np.ndarray] = {}
        if self._tables_pay(arrays) and self._with_tables:
            session, tables = self._with_tables
            sizes = self._sizes_with_tables
            most = max(len(lengths) // (BATCHES_OF_A_CORE * (os.cpu_count() or 1)), USUAL.rows)
            sizes = sizes._replace(rows=min(most, sizes.rows))

        def answer(batch: np.ndarray) -> None:
            inputs = self._preprocessor.pad(take_rows(arrays, batch))
            outputs[batch] = run_session(session, inputs | tables, self._num_units)

        _for_each(answer, _batches(lengths, sizes))
        return outputs

    def _tables_pay(self, arrays: Arrays) -> bool:
        """Count the tokens; whether there are enough by now, for whoever asks for many texts, at once or bit by bit."""
        if self._model is None:
            return False
        lengths = arrays["token_ids"].lengths
        self._num_tokens += int(lengths.sum())
        many = self._num_tokens >= TOKENS_OF_AN_ID * self._preprocessor.num_ids
        return many and len(lengths) >= USUAL.rows

    @cached_property
    def _with_tables(self) -> tuple[InferenceSession, dict[str, np.ndarray]] | None:
        """A session, and its further inputs."""
        assert self._model is not None
        from textclf.inference.onnx.lookup_tables import with_tables

        try:
            if (made := with_tables(self._model)) is None:
                return None
            model, tables = made
            names = [*self._preprocessor.names, *tables]
            return open_session(model, names=names, num_units=self._num_units), tables
        except (ValueError, LookupError, MemoryError) as error:  # a stranger's graph, unlike ours, or no room
            log.debug("answering without tables: %s", error)
            return None


def _for_each(answer: Callable[[np.ndarray], None], batches: list[np.ndarray]) -> None:
    """On all cores; a single batch starts no thread."""
    if len(batches) < 2:
        for batch in batches:
            answer(batch)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for start in range(0, len(batches), BATCHES_AT_ONCE):
            list(pool.map(answer, batches[start : start + BATCHES_AT_ONCE]))
            release_pages()


def _batches(lengths: np.ndarray, sizes: Sizes) -> list[np.ndarray]:
    """Rows of similar length, the longest first, so that there is little padding in each batch."""
    order = np.argsort(-lengths, kind="stable")
    batches, start = [], 0
    while start < len(order):
        rows = min(max(sizes.tokens // int(lengths[order[start]]), sizes.fewest_rows), sizes.rows)
        batches.append(order[start : start + rows])
        start += rows
    return batches
