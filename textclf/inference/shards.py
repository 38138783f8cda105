"""Predict a table shard by shard: each shard is written whole, so that another call goes on where one has stopped.

A shard is a row group of a Parquet file, or another file. The output folder has a file for each shard, in the order of
the table, and `_shards.json`, which says what the shards are predictions of.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from textclf.core.errors import DataError, RunError, WriteError
from textclf.core.files import atomic_file, make_folder, open_file, parse_json, write_json
from textclf.core.formatting import short_repr
from textclf.data.dialects import look_at
from textclf.data.readers.columns import ALL
from textclf.data.readers.options import DEFAULTS, ReadingOptions, arguments_like
from textclf.data.readers.parquet import DAMAGED
from textclf.data.readers.sources import Columns, files_of, read_files, read_stream
from textclf.inference.classifier import Classifier
from textclf.inference.parquet_shards import Rows, read_rows, types_in, write_parquet
from textclf.inference.predict import PROBABILITY, format_predictions, of_labels
from textclf.inference.text_source import Texts

PARQUET = "parquet"
ENDINGS = {"text": "txt", "jsonl": "jsonl", "csv": "csv", PARQUET: PARQUET}  # of the files, by their format
MANIFEST = "_shards.json"  # Spark and textclf skip files with this beginning when they read the folder
PART = re.compile(r"([1-9]\d{0,5})/([1-9]\d{0,5})")


class Shard(NamedTuple):
    """A part of a table."""

    number: int  # from 0
    path: str
    row_group: int | None  # of a Parquet file with several
    rows: int | None  # of a Parquet file


class Output(NamedTuple):
    """What is written of every text."""

    format: str = PARQUET
    threshold: float | None = None
    top_k: int | None = None


DEFAULT_OUTPUT = Output()


class Request(NamedTuple):
    """What is predicted of every shard, and how it is written."""

    columns: Columns
    reading: ReadingOptions
    format: str
    threshold: float | None
    top_k: int | None

    def to_dict(self) -> dict:
        """Return plain JSON."""
        return {**self._asdict(), "columns": self.columns._asdict(), "reading": asdict(self.reading)}


class Job(NamedTuple):
    """The shards of a table, and the folder for their predictions."""

    shards: list[Shard]
    request: Request
    folder: Path

    def file_of(self, shard: Shard) -> Path:
        """Return the file for the predictions of a shard."""
        return self.folder / f"part-{shard.number:05d}.{ENDINGS[self.request.format]}"

    def missing(self) -> list[Shard]:
        """Return the shards without predictions."""
        return [shard for shard in self.shards if not self.file_of(shard).exists()]


def plan(
    classifier: Classifier,
    source: str,
    folder: Path,
    columns: Columns,
    *,
    given: Mapping[str, Any] | None = None,
    output: Output = DEFAULT_OUTPUT,
) -> Job:
    """Return the job of a table, and write what it is into the output folder if that is new.

    Args:
        source: a file, a pattern or a folder.
        folder: for the predictions.
        columns: that are read.
        given: settings of `ReadingOptions`; others are found by looking at a file.

    Raises:
        DataError: there is no such file.
        RunError: the folder has predictions of another classifier or table, or with other options.
        WriteError: the folder cannot be written.
    """
    given = given or {}
    options = arguments_like(classifier.reading, given)
    reading = look_at(source, options, given, list(columns.text), classifier.reading)
    request = Request(columns, reading, *output)
    job = Job(find_shards(source, reading), request, folder)
    make_folder(folder)
    _check_manifest(folder, _manifest(classifier, job))
    return job


def find_shards(source: str, reading: ReadingOptions = DEFAULTS) -> list[Shard]:
    """Return the shards of a table, in its order: row groups of Parquet files, and other files.

    Raises:
        DataError: there is no such file, or it cannot be read.
    """
    found: list[tuple[str, int | None, int | None]] = []
    for path, form in files_of(source, reading):
        found += _row_groups(path) if form == PARQUET else [(path, None, None)]
    return [Shard(number, *place) for number, place in enumerate(found)]


def part_of(shards: Sequence[Shard], part: str | None) -> list[Shard]:
    """Return the shards of a part such as "3/16": the third of every sixteen.

    Raises:
        DataError: it is no such part.
    """
    if part is None:
        return list(shards)
    found = PART.fullmatch(part)
    number, parts = map(int, found.groups()) if found else (1, 0)
    if number > parts:
        raise DataError(f"--part: expected a part and the number of parts, such as 3/16, got '{part}'.")
    return list(shards[number - 1 :: parts])


def predict_shard(classifier: Classifier, job: Job, shard: Shard) -> int:
    """Write the predictions of a shard, completely or not at all, and return the number of rows.

    Raises:
        DataError: the shard cannot be read.
        WriteError: the disk is full, or the folder is not writable.
    """
    path, request = job.file_of(shard), job.request
    if request.format == PARQUET:
        with atomic_file(path, "wb") as stream:
            return write_parquet(stream, _reader(shard, request), _predictor(classifier, request))
    rows = 0

    def chunks() -> Iterator[Texts]:
        nonlocal rows
        for table in read_shard(shard, request):
            rows += len(table)
            yield Texts.of(table, request.columns)

    options: dict[str, Any] = {"threshold": request.threshold, "top_k": request.top_k, "keep": request.columns.kept}
    with atomic_file(path) as stream:
        stream.writelines(f"{line}\n" for line in format_predictions(classifier, chunks(), request.format, **options))
    return rows


def read_shard(shard: Shard, request: Request) -> Iterator[pa.Table]:
    """Yield what `read_files` yields of a shard."""
    if shard.row_group is None:
        yield from read_files(shard.path, request.columns, request.reading)
    else:
        with open_file(shard.path) as stream:
            yield from read_stream(stream, shard.path, request.columns, request.reading, shard.row_group)


def classifier_digest(classifier: Classifier) -> str:
    """Return the SHA-256 of the checksums of a classifier's files."""
    return hashlib.sha256(json.dumps(classifier.metadata["files"]).encode()).hexdigest()


def _row_groups(path: str) -> list[tuple[str, int | None, int | None]]:
    import pyarrow.parquet

    try:
        with open_file(path) as stream:
            about = pyarrow.parquet.ParquetFile(stream).metadata
            rows = [about.row_group(number).num_rows for number in range(about.num_row_groups)]
    except DAMAGED:
        return [(path, None, None)]  # the reader says what is wrong, or it is compressed as a whole
    if len(rows) == 1:
        return [(path, None, rows[0])]
    return [(path, number, count) for number, count in enumerate(rows)] or [(path, None, 0)]


def _reader(shard: Shard, request: Request) -> Callable[[], Iterator[Rows]]:
    """Return a function that starts to read a shard for Parquet."""
    kept = list(request.columns.kept or [])
    types = types_in(shard.path, kept) if kept and shard.rows is not None else None
    names = [] if kept == [ALL] else kept
    return lambda: read_rows(read_shard(shard, request), names, types)


def _predictor(classifier: Classifier, request: Request) -> Callable[[pa.ChunkedArray], dict[str, pa.Array]]:
    """Return a function from texts to our columns."""

    def predict(texts: pa.ChunkedArray) -> dict[str, pa.Array]:
        probabilities = classifier.predict_proba(texts)
        decoded = classifier.decode(probabilities, request.threshold)
        columns = {}
        if classifier.targets.multilabel:
            columns["labels"] = pa.array([list(labels) for labels in decoded], pa.list_(pa.string()))
        else:
            values = of_labels(probabilities, decoded, classifier.targets)
            columns["label"] = pa.array([next(iter(labels), None) for labels in decoded], pa.string())
            columns["probability"] = pa.array([value for [value] in values], pa.float32())
        for place, label in enumerate(classifier.labels):
            columns[f"{PROBABILITY}{label}"] = pa.array(probabilities[:, place])
        return columns

    return predict


def _manifest(classifier: Classifier, job: Job) -> dict:
    """Return what the predictions in a folder are made of, as plain JSON."""
    by_path = groupby(job.shards, key=lambda shard: shard.path)
    files = {path: {"bytes": os.stat(path).st_size, "shards": len(list(shards))} for path, shards in by_path}  # noqa: PTH116
    about = {
        "classifier_sha256": classifier_digest(classifier),
        "shards": len(job.shards),
        "files": files,
        **job.request.to_dict(),
    }
    return json.loads(json.dumps(about))


def read_manifest(folder: Path) -> dict:
    """Return what the predictions in a folder are made of.

    Raises:
        RunError: the file that says so is damaged.
    """
    path = folder / MANIFEST
    try:
        found = parse_json(path.read_bytes())
        if not isinstance(found, dict):
            raise ValueError(f"expected a JSON object, got {short_repr(found)}")
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: damaged: {error}. Predict the table again, into another folder.") from None
    return found


def _check_manifest(folder: Path, manifest: dict) -> None:
    """Check that the predictions in a folder are of the same job; say so in a folder without any."""
    # Listed first: another part of this job, which starts at the same time, may write the manifest, and then its files.
    others = [each.name for each in folder.iterdir() if not each.name.startswith(".")]
    if not (folder / MANIFEST).exists():
        if others:
            raise WriteError(f"{folder}: expected an empty folder, but it has {others[0]}. Choose another --output.")
        write_json(folder / MANIFEST, manifest)
    found = read_manifest(folder)
    changed = [name for name in manifest if found.get(name) != manifest[name]]
    if changed:
        raise RunError(
            f"{folder}: has predictions of another job ({', '.join(changed)} differ). Choose another --output."
        )
