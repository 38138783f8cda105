"""Predictions that `textclf predict` has written shard by shard, read for an evaluation: nothing is predicted again."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from textclf.core.errors import DataError, RunError
from textclf.data.dataset import ColumnOptions, Dataset, read_dataset
from textclf.data.readers.options import ReadingOptions
from textclf.data.readers.parquet import DAMAGED
from textclf.inference.classifier import Classifier
from textclf.inference.predict import INPUT, PROBABILITY, kept_name
from textclf.inference.shards import MANIFEST, PARQUET, classifier_digest, read_manifest

PARTS = f"part-*.{PARQUET}"


def has_shards(data: str | Path) -> bool:
    """Return whether a folder has predictions in shards."""
    return (Path(data) / MANIFEST).is_file()


def read_predicted(folder: Path, classifier: Classifier, columns: ColumnOptions) -> tuple[Dataset, np.ndarray]:
    """Return the labelled texts of a folder of shards, as `read_dataset` does, and the probabilities of all its rows.

    Raises:
        RunError: shards are missing, damaged, or of another classifier.
        DataError: the texts or the labels were not kept, or the shards are no Parquet files.
    """
    manifest = read_manifest(folder)
    if manifest.get("classifier_sha256") != classifier_digest(classifier):
        raise RunError(
            f"{folder}: expected predictions of this classifier, got those of another one. Choose its --run."
        )
    if manifest.get("format") != PARQUET:
        raise DataError(f"{folder}: expected shards of format parquet, got {manifest.get('format')!s:.20}.")
    parts = sorted(folder.glob(PARTS))
    if len(parts) != manifest.get("shards"):
        missing = f"{manifest.get('shards')} shards, got {len(parts)}"
        raise RunError(f"{folder}: expected all {missing}. Call textclf predict again with the same options.")
    names = [*columns.text_columns, *columns.label_columns]
    found = _names_of(parts[0])
    if not {_kept_as(name, found) for name in names} <= set(found):
        raise DataError(
            f"{folder}: expected texts and labels beside the predictions: predict --keep {','.join(names)}."
        )
    kept = replace(
        columns,
        text_column=[_kept_as(name, found) for name in columns.text_columns],
        label_column=[_kept_as(name, found) for name in columns.label_columns],
    )
    reading = ReadingOptions(format="parquet", text_separator=classifier.reading.text_separator)
    dataset = read_dataset([str(part) for part in parts], kept, reading)
    return dataset, np.concatenate([_probabilities(part, classifier.labels) for part in parts])


def _kept_as(name: str, found: list[str]) -> str:
    """Return the column of the shards that has a column of the table. Of several prefixes it has the most."""
    column = kept_name(name, ())
    while column != name and f"{INPUT}{column}" in found:
        column = f"{INPUT}{column}"
    return column


def _names_of(part: Path) -> list[str]:
    import pyarrow.parquet

    try:
        return pyarrow.parquet.read_schema(part).names
    except DAMAGED as error:
        raise _damaged(part, error) from None


def _probabilities(part: Path, labels: list[str]) -> np.ndarray:
    import pyarrow.parquet

    names = [f"{PROBABILITY}{label}" for label in labels]
    try:
        table = pyarrow.parquet.read_table(part, columns=names)
        return np.column_stack([table[name].to_numpy() for name in names]).astype(np.float32)
    except (*DAMAGED, KeyError, ValueError) as error:
        raise _damaged(part, error) from None


def _damaged(part: Path, error: Exception) -> RunError:
    reason = str(error).partition("\n")[0].rstrip(".")
    return RunError(f"{part}: damaged: {reason:.200}. Remove the file, and call textclf predict again as before.")
