"""Predictions that `textclf predict` has written shard by shard, read for an evaluation: nothing is predicted again."""

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
        RunError: shards are missing, or of another classifier.
        DataError: the texts or the labels were not kept, or the shards are no Parquet files.
    """
    import pyarrow.parquet

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
    try:
        found = pyarrow.parquet.read_schema(parts[0]).names
    except DAMAGED:
        raise RunError(
            f"{parts[0]}: damaged. Remove it, and call textclf predict again with the same options."
        ) from None
    if not {_kept_as(name, found) for name in names} <= set(found):
        raise DataError(
            f"{folder}: expected texts and labels beside the predictions: predict --keep {','.join(names)}."
        )
    kept = ColumnOptions(
        text_column=[_kept_as(name, found) for name in columns.text_columns],
        label_column=[_kept_as(name, found) for name in columns.label_columns],
    )
    dataset = read_dataset([str(part) for part in parts], kept, ReadingOptions(format="parquet"))
    of_labels = [f"{PROBABILITY}{label}" for label in classifier.labels]
    tables = [pyarrow.parquet.read_table(part, columns=of_labels) for part in parts]
    rows = [np.column_stack([table[name].to_numpy() for name in of_labels]) for table in tables]
    return dataset, np.concatenate(rows).astype(np.float32)


def _kept_as(name: str, found: list[str]) -> str:
    """Return the column of the shards that has a column of the table. Of several prefixes it has the most."""
    column = kept_name(name, ())
    while column != name and f"{INPUT}{column}" in found:
        column = f"{INPUT}{column}"
    return column
