"""The files of a classifier folder or its zip file: read, checked against `classifier.json`, and made.

Whatever is read may come from a stranger: `read_metadata` and `read_parts` check sizes, checksums and the names of
columns. `classifier.py` checks what is in the files.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from textclf import __version__
from textclf.core.compression import gunzipped, gzipped
from textclf.core.errors import RunError
from textclf.core.files import atomic_folder, parse_json, read_untrusted, to_json
from textclf.core.formatting import short_repr
from textclf.core.run_folder import (
    LABELS,
    LARGEST_FILES,
    LARGEST_TOKENIZER,
    METADATA,
    MODEL,
    PACKED_TOKENIZER,
    TOKENIZER,
)
from textclf.core.zip_archive import is_archive, read_archived
from textclf.data.targets import Targets
from textclf.inference.decisions import Decision
from textclf.inference.notice import write_notice
from textclf.preprocessing.preprocessor import Preprocessor

FORMAT_VERSION = 3
PRECISION = re.compile(r"[a-z][a-z0-9]{0,15}")
MEASURED = ("bytes", "accuracy", "f1_macro", "log_loss")  # of both classifiers that an export compares
LARGEST_NUMBER = 1e15


def classifier_files(
    model: bytes, preprocessor: Preprocessor, targets: Targets, decision: Decision, metadata: dict
) -> dict[str, bytes]:
    """Return the files of a classifier folder, by name.

    Args:
        model: the serialized ONNX graph.
        preprocessor: makes the inputs of the graph.
        targets: the labels.
        decision: from probabilities to labels.
        metadata: further entries of `classifier.json`, as plain JSON. With a `precision` below float32 the tokenizer
            is compressed.
    """
    tokenizer = {TOKENIZER: preprocessor.to_json()}
    if metadata.get("precision", "float32") != "float32":
        tokenizer = {PACKED_TOKENIZER: gzipped(tokenizer[TOKENIZER])}
    files = {
        MODEL: model,
        **tokenizer,
        LABELS: to_json({**targets.to_dict(), "decision": decision.to_dict()}),
    }
    fingerprints = {name: _fingerprint(content) for name, content in files.items()}
    about = {"format_version": FORMAT_VERSION, "textclf_version": __version__, **metadata, "files": fingerprints}
    return {**files, METADATA: to_json(about)}


def write_classifier(folder: Path, files: Mapping[str, bytes], notice: str = "") -> None:
    """Write a classifier folder, completely or not at all. An older folder of an interrupted run is replaced.

    Args:
        folder: where to.
        files: as from `classifier_files`.
        notice: of `inference/notice.py`; by default there is none.

    Raises:
        WriteError: the disk is full, or the folder is not writable.
    """
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
    with atomic_folder(folder) as partial:
        for name, content in files.items():
            (partial / name).write_bytes(content)
        write_notice(partial, notice)


def read_classifier(folder: str | Path) -> dict[str, bytes]:
    """Return the files of a classifier folder or zip file by name, after checking their checksums.

    Raises:
        RunError: as `read_metadata` and `read_parts`.
    """
    folder = Path(folder)
    metadata = read_metadata(folder)
    return {**read_parts(folder, metadata), METADATA: to_json(metadata)}


def read_parts(folder: Path, metadata: dict) -> dict[str, bytes]:
    """Return model, tokenizer and labels by name, after checking their checksums.

    Raises:
        RunError: one is missing or damaged.
    """
    names = (MODEL, tokenizer_name(metadata["files"], folder), LABELS)
    return {name: _read_checked(folder, name, metadata["files"].get(name)) for name in names}


def tokenizer_name(files: Mapping, folder: Path | None = None) -> str:
    """Return the name of the tokenizer among the names of the files of a classifier; `folder` is for messages.

    Raises:
        RunError: both forms of it are there.
    """
    if PACKED_TOKENIZER in files and TOKENIZER in files:
        raise damaged(folder, f"{METADATA}: files: expected {TOKENIZER} or {PACKED_TOKENIZER}, got both")
    return PACKED_TOKENIZER if PACKED_TOKENIZER in files else TOKENIZER


def tokenizer_json(content: Mapping[str, bytes]) -> bytes:
    """Return the content of `tokenizer.json`, of the files of a classifier by name.

    Raises:
        ValueError: it is compressed, and damaged or too large.
    """
    if PACKED_TOKENIZER in content:
        return gunzipped(content[PACKED_TOKENIZER], LARGEST_TOKENIZER)
    return content[TOKENIZER]


def read_metadata(folder: Path) -> dict:
    """Return the content of `classifier.json`.

    Raises:
        RunError: not a classifier folder, one of a newer textclf, or a damaged one.
    """
    try:
        content = _read_file(folder, METADATA)
    except FileNotFoundError:
        raise RunError(f"{folder}: expected a classifier folder, but it has no {METADATA}.") from None
    except (OSError, ValueError) as error:
        raise damaged(folder, f"{METADATA}: {_reason(error)}") from None
    return check_metadata(content, folder)


def check_metadata(content: bytes, folder: Path) -> dict:
    """Return the content of a `classifier.json`, as `read_metadata` does; `folder` is for messages."""
    try:
        metadata = parse_json(content)
    except ValueError as error:
        raise damaged(folder, f"{METADATA}: {error}") from None
    version = metadata.get("format_version") if isinstance(metadata, dict) else None
    if type(version) is not int or not isinstance(metadata.get("files"), dict):
        raise damaged(folder, f"{METADATA}: expected a format version and a list of files")
    if version > FORMAT_VERSION:
        raise RunError(
            f"{folder}: expected a classifier of format {FORMAT_VERSION} or older, got format {version}. "
            "A newer textclf made it: pip install --upgrade textclf-keras."
        )
    _check_columns(folder, metadata)
    _check_export(folder, metadata)
    return metadata


def _check_columns(folder: Path, metadata: dict) -> None:
    """Check the names of the columns that `evaluate` and `predict` read by default."""
    columns = (metadata.get("text_column"), metadata.get("label_column"))
    names = [name for column in columns for name in (column if isinstance(column, list) and column else [column])]
    if not all(isinstance(name, str) and name for name in names):
        raise damaged(folder, f"{METADATA}: text_column, label_column: expected names of columns")
    labels = metadata.get("label_names")
    if labels is not None and not (isinstance(labels, list) and all(isinstance(label, str) for label in labels)):
        raise damaged(folder, f"{METADATA}: label_names: expected names")


def _check_export(folder: Path, metadata: dict) -> None:
    """Check what an export says of itself: names and numbers, which names of files and the model card show."""
    precision = metadata.get("precision", "float32")
    if not (isinstance(precision, str) and PRECISION.fullmatch(precision)):
        raise damaged(folder, f"{METADATA}: precision: expected a name such as int8, got {short_repr(precision)}")
    comparison, ngrams = metadata.get("comparison"), metadata.get("ngrams")
    if comparison is not None and not (
        _has_numbers(comparison, ("rows", "changed", "largest_difference"))
        and comparison["rows"] >= 1
        and all(_has_numbers(comparison.get(part), MEASURED) for part in ("original", "exported"))
    ):
        raise damaged(folder, f"{METADATA}: comparison: expected numbers of two classifiers")
    if ngrams is not None and not _has_numbers(ngrams, ("kept", "total")):
        raise damaged(folder, f"{METADATA}: ngrams: expected two numbers")


def _has_numbers(content: Any, names: Iterable[str]) -> bool:
    values = [content.get(name) for name in names] if isinstance(content, dict) else [None]
    return all(isinstance(value, int | float) and 0 <= value <= LARGEST_NUMBER for value in values)


def _read_checked(folder: Path, name: str, expected: object) -> bytes:
    try:
        content = _read_file(folder, name)
    except (OSError, ValueError) as error:
        raise damaged(folder, f"{name}: {_reason(error)}") from None
    if _fingerprint(content) != expected:
        raise damaged(folder, f"{name}: its size or checksum differs from {METADATA}")
    return content


def _read_file(folder: Path, name: str) -> bytes:
    read = read_archived if is_archive(folder) else read_untrusted
    return read(folder, name, LARGEST_FILES[name])


def _fingerprint(content: bytes) -> dict:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _reason(error: OSError | ValueError) -> str:
    return str(getattr(error, "strerror", None) or error)


def damaged(folder: Path | None, reason: str) -> RunError:
    """Return the error for a classifier that cannot be used."""
    where = f"the classifier in {folder}" if folder else "the classifier"
    return RunError(f"{where} is damaged: {reason}. Copy the classifier folder again, or train again.")
