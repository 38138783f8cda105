"""The classifier folder: load it, save it, predict with it. Imports ONNX Runtime, never TensorFlow.

The folder stands alone: copy it anywhere, on any machine, and it predicts the same. It may also be a zip file
(`textclf export`), and may come from a stranger, so every file is checked before it is used (docs/security.md).
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from textclf.core.cores import limited_threads
from textclf.core.errors import RunError, WriteError
from textclf.core.files import atomic_folder, parse_json, to_json
from textclf.core.find_run import find_classifier
from textclf.core.options import checked
from textclf.core.parallel import chunks_of
from textclf.core.run_folder import NOTICE, RunFolder
from textclf.data.targets import Targets
from textclf.inference.classifier_files import (
    LABELS,
    METADATA,
    MODEL,
    check_metadata,
    damaged,
    read_metadata,
    read_parts,
    tokenizer_json,
)
from textclf.inference.decisions import Decision
from textclf.inference.engine import Engine, expanded
from textclf.inference.notice import read_notice
from textclf.inference.onnx.session import GraphError
from textclf.inference.onnx.verify import check_graph
from textclf.inference.texts import texts_of
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.ragged import DTYPES, Ragged, RaggedArrays

if TYPE_CHECKING:
    from textclf.data.readers.options import ReadingOptions

ROWS_AT_ONCE = 20_000  # encoded together: a bound on memory


class Classifier:
    """Predicts labels and probabilities of texts.

    Attributes:
        preprocessor: texts -> the arrays that the model reads.
        targets: the labels.
        decision: from probabilities to labels.
        metadata: the content of `classifier.json`.
        folder: or zip file that the classifier was loaded from. Pickling and copying read its files again, so that a
            classifier needs no second copy of its model in memory. `None` for one that was made in memory, which keeps
            them.
        threads: how many predict many texts; `None`: one for each core that the process may use.

    Example:
        >>> classifier = textclf.load("runs/latest")
        >>> classifier.predict(["a wonderful film"])
        ['positive']
    """

    def __init__(
        self,
        preprocessor: Preprocessor,
        targets: Targets,
        decision: Decision,
        engine: Engine,
        metadata: dict,
        source: Path | dict[str, bytes],
    ):
        self.preprocessor = preprocessor
        self.targets = targets
        self.decision = decision
        self.metadata = metadata
        self.folder = source if isinstance(source, Path) else None
        self._files = {} if isinstance(source, Path) else source
        self.threads: int | None = None
        self._engine = engine

    def __reduce__(self) -> tuple:
        """Return what `pickle` and `copy` make the same classifier of: the content of its files, read again.

        Raises:
            RunError: a file has changed or is gone since the classifier was loaded.
        """
        return _unpickle, (self._content(), self.metadata, self.folder, self.decision, self.threads)

    def save(self, folder: str | Path) -> Path:
        """Write the classifier folder, completely or not at all, and return its path.

        Raises:
            WriteError: there is something of that name, the disk is full, or the place is not writable.
            RunError: a file has changed or is gone since the classifier was loaded.
        """
        folder, content = Path(folder), self._content()
        if os.path.lexists(folder):
            raise WriteError(f"{folder}: this exists already. Choose another name, or remove it.")
        with atomic_folder(folder) as partial:
            for name, data in content.items():
                (partial / name).write_bytes(data)
            (partial / METADATA).write_bytes(to_json(self.metadata))
        return folder

    def _content(self) -> dict[str, bytes]:
        return self._files if self.folder is None else _read_content(self.folder, self.metadata)

    @property
    def labels(self) -> list[str]:
        """The labels, in the order of the columns of `predict_proba`."""
        return self.targets.labels

    @cached_property
    def reading(self) -> "ReadingOptions":
        """Return settings that read files like the training data, whatever their format.

        Raises:
            RunError: `classifier.json` has no valid reading options.
        """
        from textclf.data.readers.options import ReadingOptions

        try:
            return replace(checked(ReadingOptions, self.metadata.get("reading")), format=None)
        except ValueError as error:
            raise damaged(None, f"{METADATA}: reading: {error}") from None

    def predict(self, texts: Iterable[str], *, threshold: float | None = None) -> list[str | None] | list[list[str]]:
        """Return the label of every text; with a multi-label classifier the list of its labels.

        Args:
            texts: a column of strings: a list, generator, Series or array. Neither one string nor a table.
            threshold: the minimum probability for predicting the positive label, or each label of a multi-label
                classifier; by default the threshold of the training.

        Returns:
            One item for every text. `None` where the classifier abstains.

        Raises:
            TextTypeError: a table instead of its column, one string, or a text that is missing or no string.
            DataError: a threshold below 0 or above 1, or for a classifier with three or more exclusive labels.
        """
        labels = self.decode(self.predict_proba(texts), threshold)
        return [list(row) for row in labels] if self.targets.multilabel else [next(iter(row), None) for row in labels]

    def decode(self, probabilities: np.ndarray, threshold: float | None = None) -> list[tuple[str, ...]]:
        """Return the labels of each row of probabilities, (rows, labels); none where the classifier abstains.

        Args:
            threshold: as for `predict`.

        Raises:
            DataError: a threshold below 0 or above 1, or for a classifier with three or more exclusive labels.
        """
        decision = self.decision if threshold is None else self.decision.with_threshold(threshold, self.targets)
        return decision.decode(probabilities, self.targets)

    def predict_proba(self, texts: Iterable[str]) -> np.ndarray:
        """Return the probability of every label for every text, float32 (texts, labels).

        Args:
            texts: as for `predict`.

        Raises:
            TextTypeError: as for `predict`.
        """
        blocks = chunks_of(texts_of(texts, self.metadata["text_column"]), ROWS_AT_ONCE)
        with limited_threads(self.threads):
            parts = [self.predict_encoded(self.preprocessor.encode_arrays(block)) for block in blocks]
        return np.concatenate([np.empty((0, len(self.labels)), np.float32), *parts])

    def predict_frame(
        self, table: Any, text: str | None = None, *, threshold: float | None = None, probabilities: bool = False
    ) -> Any:
        """Return a table with two more columns: `predicted`, and `probability` of what is predicted.

        With a multi-label classifier both are lists. Where the classifier abstains, `predicted` is missing, and
        `probability` is the highest.

        Args:
            table: of pandas, Polars, pyarrow or datasets, or a dict of columns. The result is of the same kind.
            text: the column with the texts; by default the one of the training.
            threshold: as for `predict`.
            probabilities: whether to add a column `probability_<label>` for each label.

        Raises:
            DataError: the table lacks the column, or has one with the name of a new one.
            TextTypeError: no table, or as for `predict`.
        """
        from textclf.inference.frames import predict_frame

        return predict_frame(self, table, text, threshold=threshold, probabilities=probabilities)

    def predict_encoded(self, arrays: RaggedArrays) -> np.ndarray:
        """Return what `predict_proba` does, for texts that the preprocessor has encoded.

        Raises:
            RunError: the model fails. One that textclf has trained never does, unless memory runs out.
        """
        try:
            outputs = self._engine.run(arrays)
        except GraphError as error:
            raise RunError(f"{MODEL}: {error}. Predict shorter texts, or train again.") from error
        return self.targets.probabilities(outputs)


def load(run: str | Path | RunFolder | None = None, *, threads: int | None = None) -> Classifier:
    """Return the classifier of a run.

    Args:
        run: a run folder, its name below `runs/`, a classifier folder or the zip file of one, or `hf://owner/name` or
            `hf://owner/name@revision` of the hub; by default the newest finished run.
        threads: how many predict many texts; by default one for each core that the process may use.

    Raises:
        RunError: there is no such run, or its classifier is damaged.
        ValueError: `threads` is no integer, or below one.
    """
    if threads is not None and not (isinstance(threads, int | np.integer) and threads >= 1):
        raise ValueError(f"threads: expected an integer >= 1, got {threads!r}.")
    classifier = load_classifier(find_classifier(run))
    classifier.threads = threads
    return classifier


def load_classifier(folder: str | Path) -> Classifier:
    """Return the classifier in a folder or zip file, after checking the checksum and the content of every file.

    Raises:
        RunError: not a classifier folder, one of a newer textclf, or a damaged one.
    """
    folder = Path(folder)
    metadata = read_metadata(folder)
    return _build(read_parts(folder, metadata), metadata, folder)


def load_in_memory(folder: Path) -> Classifier:
    """Return the classifier in a folder that will be removed: it keeps the content of its files.

    Raises:
        RunError: as `load_classifier`.
    """
    metadata = read_metadata(folder)
    return _build(_read_content(folder, metadata), metadata, None)


def _read_content(folder: Path, metadata: dict) -> dict[str, bytes]:
    """Return what a copy of a classifier is made of: its files, and its notice if it has one."""
    notice = read_notice(folder)
    return {**read_parts(folder, metadata), **({NOTICE: notice.encode()} if notice else {})}


def _build(content: dict[str, bytes], metadata: dict, folder: Path | None) -> Classifier:
    """Return the classifier whose files have this content. Without a folder it keeps the content."""
    try:
        labels = parse_json(content[LABELS])
        targets = Targets.from_dict(labels)
        decision = Decision.from_dict(labels.get("decision", {}), targets)  # the oldest classifiers have none
        preprocessor = Preprocessor.from_json(tokenizer_json(content))
        operators = check_graph(content[MODEL])
        model = expanded(content[MODEL], metadata.get("precision"))
        engine = Engine(model, preprocessor, targets.num_outputs, operators)
        engine.run(_extreme_ids(preprocessor))
    except (RunError, ValueError) as error:
        raise damaged(folder, str(error)) from error
    return Classifier(preprocessor, targets, decision, engine, metadata, folder.absolute() if folder else content)


def _unpickle(
    content: dict[str, bytes], metadata: dict, folder: Path | None, decision: Decision, threads: int | None
) -> Classifier:
    classifier = _build(content, metadata, folder)
    classifier.decision, classifier.threads = decision, threads
    return classifier


def build_classifier(files: Mapping[str, bytes], where: Path) -> Classifier:
    """Return the classifier whose folder would have these files.

    Args:
        where: the folder, for messages.

    Raises:
        RunError: a file is damaged.
    """
    return _build(dict(files), check_metadata(files[METADATA], where), where)


def _extreme_ids(preprocessor: Preprocessor) -> RaggedArrays:
    """Return one row with the smallest and the largest id: a model smaller than the vocabulary fails on it."""
    largest = {"token_ids": preprocessor.num_ids - 1, "ngram_ids": preprocessor.num_ngrams - 1, "ngram_weights": 1}
    return {
        name: Ragged.from_lengths(np.array([1, largest[name]], DTYPES[name]), np.array([2]))
        for name in preprocessor.names
    }
