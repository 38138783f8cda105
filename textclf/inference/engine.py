"""The engine: runs an ONNX graph on encoded texts, in batches of similar length, on all cores."""

import logging
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from textclf.core.cores import num_threads
from textclf.core.memmap import release_pages
from textclf.inference.onnx.session import InferenceSession, open_session, run_session
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.ragged import RaggedArrays, lengths_of, num_rows, take_rows

log = logging.getLogger(__name__)

BATCHES_AT_ONCE = 500
MOST_KEPT_BYTES = 2**26  # of a model, which is then in memory twice
TOKENS_PER_ID = 8  # after so many tokens for each row of a lookup table the table has paid for itself
BATCHES_PER_CORE = 5  # enough for the cores to finish at about the same time
IDS_PER_ROW = 1  # after so many ids for each row of the compressed tables it pays to expand them
# Operators that `lookup_tables` replaces. It is not imported to predict a single text.
REPLACEABLE, COMPRESSED = {"LSTM", "Conv"}, {"Cast"}
OF_ATTENTION = "LayerNormalization"  # an operator that only networks with self-attention have


class BatchLimits(NamedTuple):
    """The size of a batch. Larger batches gain nothing on a CPU, have more padding and need more memory."""

    tokens: int  # at most, padding included
    fewest_rows: int  # even if they have more tokens
    rows: int  # at most
    pairs: int = 2**62  # of tokens of one text, padding included, at most: self-attention has numbers for each


DEFAULT_LIMITS = BatchLimits(8_192, 16, 64)
# A step of the LSTM with lookup tables costs as much as ten rows of it, whatever the number of rows.
LSTM_LOOKUP_LIMITS = BatchLimits(65_536, 32, 256)
# With 12 heads 100 MB for each array of attention, and 8 texts of 512 tokens.
ATTENTION_LIMITS = BatchLimits(8_192, 16, 64, 2**21)


class Engine:
    """Runs the graph of a classifier; many texts go through a faster graph with lookup tables where there is one.

    Args:
        model: a serialized graph that `verify.check_graph` has accepted.
        preprocessor: makes the inputs of the graph.
        num_outputs: the width of its output.
        operators: of its nodes, as `check_graph` returns them.
        names: the arrays that the graph reads, if not all that the preprocessor makes.
        lowest: of the outputs, as for `run_session`.

    Raises:
        GraphError: the graph cannot be loaded.
    """

    def __init__(
        self,
        model: bytes,
        preprocessor: Preprocessor,
        num_outputs: int,
        operators: set[str],
        names: Sequence[str] | None = None,
        lowest: float = 0.0,
    ):
        self._preprocessor = preprocessor
        self._lowest = lowest
        self._names = tuple(names or preprocessor.names)
        self._num_outputs = num_outputs
        self._session = open_session(model, names=self._names, num_outputs=num_outputs)
        self._replaceable = bool(operators & REPLACEABLE) and "token_ids" in self._names
        self._limits = ATTENTION_LIMITS if OF_ATTENTION in operators else DEFAULT_LIMITS
        # The tables of an encoder are large, and hardly any of its time goes into them.
        expandable = operators & COMPRESSED and OF_ATTENTION not in operators
        kept = (self._replaceable or expandable) and len(model) <= MOST_KEPT_BYTES
        self._model = model if kept else None
        self._lookup_limits = LSTM_LOOKUP_LIMITS if "LSTM" in operators else DEFAULT_LIMITS
        rows = {"token_ids": preprocessor.num_ids, "ngram_ids": preprocessor.num_ngrams}
        self._table_rows = {name: number for name, number in rows.items() if name in self._names}
        self._num_ids = dict.fromkeys(self._table_rows, 0)  # of all calls so far

    def run(self, arrays: RaggedArrays) -> np.ndarray:
        """Return the output of the graph, float32 (texts, num_outputs), in the order of the texts.

        Raises:
            GraphError: the graph fails. One that textclf has trained never does, unless memory runs out.
        """
        outputs = np.empty((num_rows(arrays), self._num_outputs), np.float32)
        lengths = lengths_of(arrays)
        session, limits = self._session, self._limits
        tables: dict[str, np.ndarray] = {}
        if self._model is not None:
            self._count_ids(arrays)
            if self._lookup_pays(lengths) and self._lookup_session:
                session, tables = self._lookup_session
                limits = self._lookup_limits
                most = max(len(lengths) // (BATCHES_PER_CORE * num_threads()), DEFAULT_LIMITS.rows)
                limits = limits._replace(rows=min(most, limits.rows))
            elif self._expansion_pays(lengths) and self._expanded_session:
                session, tables = self._expanded_session

        def run_batch(batch: np.ndarray) -> None:
            inputs = self._preprocessor.pad(take_rows(arrays, batch))
            outputs[batch] = run_session(session, inputs | tables, self._num_outputs, lowest=self._lowest)

        _for_each(run_batch, _batches(lengths, limits))
        return outputs

    def _count_ids(self, arrays: RaggedArrays) -> None:
        for name in self._num_ids:
            self._num_ids[name] += int(arrays[name].lengths.sum())

    def _lookup_pays(self, lengths: np.ndarray) -> bool:
        """Return whether there are enough texts, and have been enough tokens, for tables of products."""
        enough = self._replaceable and self._num_ids["token_ids"] >= TOKENS_PER_ID * self._table_rows["token_ids"]
        return enough and len(lengths) >= DEFAULT_LIMITS.rows

    def _expansion_pays(self, lengths: np.ndarray) -> bool:
        """Return the same for expanding compressed tables."""
        enough = sum(self._num_ids.values()) >= IDS_PER_ROW * sum(self._table_rows.values())
        return enough and len(lengths) >= DEFAULT_LIMITS.rows

    @cached_property
    def _lookup_session(self) -> tuple[InferenceSession, dict[str, np.ndarray]] | None:
        """The session of the graph with lookup tables, and the tables; None where there is no such graph."""
        return self._open_lookup(products=True)

    @cached_property
    def _expanded_session(self) -> tuple[InferenceSession, dict[str, np.ndarray]] | None:
        """The same for a graph whose compressed tables are expanded, and nothing else."""
        return self._open_lookup(products=False)

    def _open_lookup(self, *, products: bool) -> tuple[InferenceSession, dict[str, np.ndarray]] | None:
        assert self._model is not None
        from textclf.inference.onnx.lookup_tables import add_lookup_tables

        try:
            if (graph := add_lookup_tables(self._model, products=products)) is None:
                return None
            names = [*self._names, *graph.tables]
            return open_session(graph.model, names=names, num_outputs=self._num_outputs), graph.tables
        except (ValueError, LookupError, MemoryError) as error:  # the graph of a stranger, or too little memory
            log.debug("lookup tables: none, %s", error)
            return None


def expanded(model: bytes, precision: object) -> bytes:
    """Return the graph of an exported classifier with weights that need no conversion in each run.

    Args:
        model: as for `Engine`.
        precision: as `classifier.json` states it; None: float32.
    """
    if precision in (None, "float32"):
        return model
    from textclf.inference.onnx.lookup_tables import expand_weights

    return expand_weights(model)


def _for_each(run_batch: Callable[[np.ndarray], None], batches: list[np.ndarray]) -> None:
    """Run every batch, on all cores of the process; a single batch, or core, starts no thread."""
    threads = min(num_threads(), len(batches))
    if threads < 2:
        _run_blocks(lambda block: list(map(run_batch, block)), batches)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=threads) as pool:
        _run_blocks(lambda block: list(pool.map(run_batch, block)), batches)


def _run_blocks(run: Callable[[list[np.ndarray]], object], batches: list[np.ndarray]) -> None:
    for start in range(0, len(batches), BATCHES_AT_ONCE):
        run(batches[start : start + BATCHES_AT_ONCE])
        release_pages()


def _batches(lengths: np.ndarray, limits: BatchLimits) -> list[np.ndarray]:
    """Return the rows of each batch, the longest first; rows of similar length need little padding."""
    order = np.argsort(-lengths, kind="stable")
    batches, start = [], 0
    while start < len(order):
        width = int(lengths[order[start]])
        rows = min(max(limits.tokens // width, limits.fewest_rows), limits.rows, max(limits.pairs // width**2, 1))
        batches.append(order[start : start + rows])
        start += rows
    return batches
