"""The classifier: the folder that training leaves, and the only thing that answers. No TensorFlow here."""

import hashlib
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from textclf import __version__
from textclf.core.errors import RunError
from textclf.core.files import atomic_folder, parse_json, write_json
from textclf.core.parallel import chunks_of
from textclf.core.text_column import text_array
from textclf.core.untrusted import MIB, read_within
from textclf.data.targets import Targets
from textclf.inference.engine import Engine
from textclf.inference.onnx.session import GraphError
from textclf.inference.onnx.verify import check_graph
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.ragged import DTYPES, Ragged, RaggedArrays

if TYPE_CHECKING:
    from textclf.data.readers.options import ReadingOptions

FORMAT_VERSION = 1
MODEL, TOKENIZER, LABELS, ABOUT = "model.onnx", "tokenizer.json", "labels.json", "classifier.json"
# A file in memory is several times as large: JSON up to ten times, weights three times.
LARGEST_FILES = {MODEL: 1024 * MIB, TOKENIZER: 64 * MIB, LABELS: 8 * MIB, ABOUT: MIB}
ROWS_AT_ONCE = 20_000  # encoded: memory does not grow with the number of texts


class Classifier:
    """Preprocessor, network and labels in one.

    Example:
        >>> classifier = textclf.load("runs/latest")
        >>> classifier.predict(["a wonderful film"])
        ['positive']
    """

    def __init__(self, preprocessor: Preprocessor, targets: Targets, engine: Engine, about: dict):
        self.preprocessor = preprocessor
        self.targets = targets
        self.about = about
        self._engine = engine

    @property
    def labels(self) -> list[str]:
        """The labels, in the order of the columns of `predict_proba`."""
        return self.targets.labels

    @cached_property
    def reading(self) -> "ReadingOptions":
        """How files like those of the training are read, whatever their format. Only needed for files.

        Raises:
            RunError: what the folder says of it is not what was written.
        """
        from pydantic import ValidationError  # not for texts that are given: it takes a third of the time of an answer

        from textclf.data.readers.options import ReadingOptions

        try:
            return ReadingOptions.model_validate(self.about.get("reading")).model_copy(update={"format": None})
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            said = ": ".join([".".join(map(str, fault["loc"])) or "reading", fault["msg"][:200]])
            raise _damaged(Path(ABOUT), f"how files are read is not what was written: {said}") from None

    def predict(self, texts: Iterable[str], *, threshold: float | None = None) -> list[str | None] | list[list[str]]:
        """The label of every text (`None` where it is unsure), or the list of its labels where the classifier has many.

        Args:
            threshold: least probability of the positive label, or of each of many labels; by default what was set or
                chosen in training.

        Raises:
            DataError: a threshold where one of several labels is the answer.
        """
        labels = self.targets.decode(self.predict_proba(texts), threshold)
        return [list(row) for row in labels] if self.targets.many else [next(iter(row), None) for row in labels]

    def predict_proba(self, texts: Iterable[str]) -> np.ndarray:
        """The probability of every label for every text, float32 (texts, labels)."""
        blocks = chunks_of(text_array(texts), ROWS_AT_ONCE)
        parts = [self.probabilities_of(self.preprocessor.encode_arrays(block)) for block in blocks]
        return np.concatenate([np.empty((0, len(self.labels)), np.float32), *parts])

    def probabilities_of(self, arrays: RaggedArrays) -> np.ndarray:
        """As `predict_proba`, for texts that are encoded already.

        Raises:
            RunError: the network fails, which one that was trained here never does.
        """
        try:
            outputs = self._engine.run(arrays)
        except GraphError as error:
            raise RunError(f"{MODEL}: {error}. Train again, or answer fewer or shorter texts at once.") from error
        return self.targets.probabilities(outputs)


def save_classifier(folder: Path, *, model: bytes, preprocessor: Preprocessor, targets: Targets, about: dict) -> None:
    """Write the folder, whole or not at all; one that an interrupted run has left there is replaced.

    Args:
        model: the serialized ONNX graph.
        about: what else a reader of the folder may want to know, as plain JSON.

    Raises:
        WriteError: there is no room, or the folder is not ours to write.
    """
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
    with atomic_folder(folder) as partial:
        (partial / MODEL).write_bytes(model)
        preprocessor.save(partial / TOKENIZER)
        write_json(partial / LABELS, targets.to_dict())
        files = {name: _fingerprint((partial / name).read_bytes()) for name in (MODEL, TOKENIZER, LABELS)}
        write_json(
            partial / ABOUT,
            {"format_version": FORMAT_VERSION, "textclf_version": __version__, **about, "files": files},
        )


def load_classifier(folder: str | Path) -> Classifier:
    """Read a classifier folder, checked file by file against its checksums.

    Raises:
        RunError: not a classifier folder, a newer format, or a damaged file.
    """
    folder = Path(folder)
    about = _read_about(folder)
    content = {name: _read_checked(folder, name, about["files"].get(name)) for name in (MODEL, TOKENIZER, LABELS)}
    try:
        targets = Targets.from_dict(parse_json(content[LABELS]))
        preprocessor = Preprocessor.from_json(content[TOKENIZER])
        operators = check_graph(content[MODEL])
        engine = Engine(content[MODEL], preprocessor, targets.num_units, operators)
        engine.run(_largest_ids(preprocessor))
    except (RunError, ValueError) as error:
        raise _damaged(folder, str(error)) from error
    return Classifier(preprocessor, targets, engine, about)


def _largest_ids(preprocessor: Preprocessor) -> RaggedArrays:
    """One row of the smallest and the largest id of each kind: weights that do not fit the vocabulary fail at once."""
    largest = {"token_ids": preprocessor.num_ids - 1, "ngram_ids": preprocessor.num_ngrams - 1, "ngram_weights": 1}
    return {
        name: Ragged.from_lengths(np.array([1, largest[name]], DTYPES[name]), np.array([2]))
        for name in preprocessor.names
    }


def _read_about(folder: Path) -> dict:
    path = folder / ABOUT
    try:
        about = parse_json(read_within(folder, ABOUT, LARGEST_FILES[ABOUT]))
    except FileNotFoundError:
        raise RunError(f"{folder}: expected a classifier folder, but it has no {ABOUT}.") from None
    except (OSError, ValueError) as error:
        raise _damaged(path, str(getattr(error, "strerror", None) or error)) from None
    version = about.get("format_version") if isinstance(about, dict) else None
    if type(version) is not int or not isinstance(about.get("files"), dict):
        raise _damaged(path, "it has no format version and list of files")
    if version > FORMAT_VERSION:
        raise RunError(
            f"{folder}: expected a classifier of format {FORMAT_VERSION} or older, received format {version}. "
            "It was made by a newer textclf: pip install --upgrade textclf-keras."
        )
    try:
        _check_columns(about)
    except ValueError as error:
        raise _damaged(path, f"how files are read is not what was written: {error}") from None
    return about


def _check_columns(about: dict) -> None:
    """The columns that `evaluate` and `predict` read where none is named."""
    text, label = about.get("text_column"), about.get("label_column")
    texts = text if isinstance(text, list) and text else [text]
    if not all(isinstance(name, str) and name for name in [*texts, label]):
        raise ValueError("expected names of columns")


def _read_checked(folder: Path, name: str, expected: object) -> bytes:
    path = folder / name
    try:
        content = read_within(folder, name, LARGEST_FILES[name])
    except (OSError, ValueError) as error:
        raise _damaged(path, f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if _fingerprint(content) != expected:
        raise _damaged(path, "its content is not what was written (size or checksum differ)")
    return content


def _fingerprint(content: bytes) -> dict:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _damaged(path: Path, reason: str) -> RunError:
    return RunError(f"{path}: damaged: {reason}. Copy the classifier folder again, or train again.")
