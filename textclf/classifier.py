"""The classifier: the folder that training leaves, and the only thing that answers. No TensorFlow here."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime

from textclf import __version__
from textclf.errors import RunError
from textclf.files import parse_json, write_json
from textclf.mapped import release_pages
from textclf.parallel import chunks_of
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.token_ids import TokenIds, take
from textclf.targets import Targets
from textclf.text_array import text_array

FORMAT_VERSION = 1
MODEL, TOKENIZER, LABELS, ABOUT = "model.onnx", "tokenizer.json", "labels.json", "classifier.json"
ROWS_AT_ONCE = 20_000  # encoded: memory does not grow with the number of texts
BATCHES_AT_ONCE = 500
BATCH_ROWS = 64  # larger ones gain nothing on a CPU and pad more


class Classifier:
    """Preprocessor, network and labels in one.

    Example:
        >>> classifier = textclf.load("runs/latest")
        >>> classifier.predict(["a wonderful film"])
        ['positive']
    """

    def __init__(
        self, preprocessor: Preprocessor, targets: Targets, session: onnxruntime.InferenceSession, about: dict
    ):
        self.preprocessor = preprocessor
        self.targets = targets
        self.about = about
        self._session = session

    @property
    def labels(self) -> list[str]:
        """The labels, in the order of the columns of `predict_proba`."""
        return self.targets.labels

    def predict(self, texts: Iterable[str], *, threshold: float | None = None) -> list[str] | list[list[str]]:
        """The label of every text, or the list of its labels where the classifier has many.

        Args:
            threshold: least probability of the positive label, or of each of many labels; by default one half.

        Raises:
            DataError: a threshold where one of several labels is the answer.
        """
        labels = self.targets.decode(self.predict_proba(texts), threshold)
        return [list(row) if self.targets.many else row[0] for row in labels]

    def predict_proba(self, texts: Iterable[str]) -> np.ndarray:
        """The probability of every label for every text, float32 (texts, labels)."""
        blocks = chunks_of(text_array(texts), ROWS_AT_ONCE)
        parts = [self.probabilities_of(self.preprocessor.encode(block)) for block in blocks]
        return np.concatenate([np.empty((0, len(self.labels)), np.float32), *parts])

    def probabilities_of(self, rows: TokenIds) -> np.ndarray:
        """As `predict_proba`, for texts that are encoded already."""
        outputs = np.empty((len(rows.offsets) - 1, self.targets.num_units), np.float32)
        by_length = np.argsort(-rows.lengths, kind="stable")  # little padding in each batch
        batches = [by_length[start : start + BATCH_ROWS] for start in range(0, len(by_length), BATCH_ROWS)]

        def answer(batch: np.ndarray) -> None:
            outputs[batch] = self._session.run(None, self.preprocessor.pad(take(rows, batch)))[0]

        if len(batches) < 2:
            for batch in batches:
                answer(batch)
        else:
            with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
                for start in range(0, len(batches), BATCHES_AT_ONCE):
                    list(pool.map(answer, batches[start : start + BATCHES_AT_ONCE]))
                    release_pages()
        return self.targets.probabilities(outputs)


def save_classifier(folder: Path, *, model: bytes, preprocessor: Preprocessor, targets: Targets, about: dict) -> None:
    """Write the folder under another name and rename it when it is whole.

    Args:
        model: the serialized ONNX graph.
        about: what else a reader of the folder may want to know, as plain JSON.
    """
    partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.", suffix=".partial"))
    try:
        (partial / MODEL).write_bytes(model)
        preprocessor.save(partial / TOKENIZER)
        write_json(partial / LABELS, targets.to_dict())
        files = {name: _fingerprint((partial / name).read_bytes()) for name in (MODEL, TOKENIZER, LABELS)}
        write_json(
            partial / ABOUT,
            {"format_version": FORMAT_VERSION, "textclf_version": __version__, **about, "files": files},
        )
        partial.chmod(0o755)
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def load_classifier(folder: str | Path) -> Classifier:
    """Read a classifier folder, checked file by file against its checksums.

    Raises:
        RunError: not a classifier folder, a newer format, or a damaged file.
    """
    folder = Path(folder)
    about = _read_about(folder)
    content = {name: _read_checked(folder / name, about["files"].get(name)) for name in (MODEL, TOKENIZER, LABELS)}
    try:
        targets = Targets.from_dict(parse_json(content[LABELS]))
        preprocessor = Preprocessor.from_json(content[TOKENIZER])
    except (RunError, ValueError) as error:
        raise _damaged(folder, str(error)) from None
    return Classifier(preprocessor, targets, _session(folder, content[MODEL], targets.num_units), about)


def _session(folder: Path, model: bytes, num_units: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    # Batches run side by side in threads of ours, so that a single text starts no pool at all.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has no common class for its errors
        raise _damaged(folder / MODEL, f"it is no usable ONNX model: {str(error).splitlines()[0]}") from None
    if [node.name for node in session.get_inputs()] != ["token_ids"] or session.get_outputs()[0].shape[1:] != [
        num_units
    ]:
        raise _damaged(folder / MODEL, "its inputs and outputs do not fit the labels")
    return session


def _read_about(folder: Path) -> dict:
    path = folder / ABOUT
    try:
        about = parse_json(path.read_bytes())
    except FileNotFoundError:
        raise RunError(f"{folder}: expected a classifier folder, but it has no {ABOUT}.") from None
    except (OSError, ValueError) as error:
        raise _damaged(path, str(error)) from None
    version = about.get("format_version") if isinstance(about, dict) else None
    if not isinstance(version, int) or not isinstance(about.get("files"), dict):
        raise _damaged(path, "it has no format version and list of files")
    if version > FORMAT_VERSION:
        raise RunError(
            f"{folder}: expected a classifier of format {FORMAT_VERSION} or older, received format {version}. "
            "It was made by a newer textclf: pip install --upgrade textclf-keras."
        )
    return about


def _read_checked(path: Path, expected: dict | None) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _damaged(path, f"cannot be read: {error.strerror}") from None
    if _fingerprint(content) != expected:
        raise _damaged(path, "its content is not what was written (size or checksum differ)")
    return content


def _fingerprint(content: bytes) -> dict:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _damaged(path: Path, reason: str) -> RunError:
    return RunError(f"{path}: damaged: {reason}. Copy the classifier folder again, or train again.")
