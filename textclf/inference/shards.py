"""Predict a table shard by shard: each shard is written whole, so that another call goes on where one has stopped.

A shard is a row group of a Parquet file, or another file. The output folder has a file for each shard, in the order of
the table, and `_shards.json`, which says what the shards are predictions of.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import chain, groupby
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from textclf.core.errors import DataError, RunError, WriteError
from textclf.core.files import atomic_file, make_folder, open_file, parse_json, write_json
from textclf.data.dialects import look_at
from textclf.data.readers.options import DEFAULTS, ReadingOptions, arguments_like
from textclf.data.readers.parquet import DAMAGED
from textclf.data.readers.sources import Columns, files_of, read_files, read_stream
from textclf.inference.classifier import Classifier
from textclf.inference.predict import OUR_FIELDS, PROBABILITY, format_predictions
from textclf.inference.text_source import Texts

PARQUET = "parquet"
ENDINGS = {"text": "txt", "jsonl": "jsonl", "csv": "csv", PARQUET: PARQUET}  # of the files, by their format
MANIFEST = "_shards.json"  # Spark and textclf skip files with this beginning when they read the folder
ROWS_AT_ONCE = 20_000
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
    rows = 0

    def counted() -> Iterator[pa.Table]:
        nonlocal rows
        for table in read_shard(shard, job.request):
            rows += len(table)
            yield table

    path = job.file_of(shard)
    if job.request.format == PARQUET:
        with atomic_file(path, "wb") as stream:
            _write_parquet(stream, map(_predictor(classifier, job.request), gathered(counted())))
        return rows
    chunks = (Texts.of(table, job.request.columns) for table in counted())
    lines = format_predictions(
        classifier, chunks, job.request.format, threshold=job.request.threshold, top_k=job.request.top_k
    )
    with atomic_file(path) as stream:
        stream.writelines(f"{line}\n" for line in lines)
    return rows


def read_shard(shard: Shard, request: Request) -> Iterator[pa.Table]:
    """Yield what `read_files` yields of a shard."""
    if shard.row_group is None:
        yield from read_files(shard.path, request.columns, request.reading)
    else:
        with open_file(shard.path) as stream:
            yield from read_stream(stream, shard.path, request.columns, request.reading, shard.row_group)


def gathered(tables: Iterable[pa.Table], rows: int = ROWS_AT_ONCE) -> Iterator[pa.Table]:
    """Join tables until each has at least so many rows."""
    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table)
        if sum(map(len, waiting)) >= rows:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)


def kept_name(name: str) -> str:
    """Return the column of the predictions that has a column of the table."""
    return f"input_{name}" if name in OUR_FIELDS or name.startswith(PROBABILITY) else name


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


def _predictor(classifier: Classifier, request: Request):
    """Return a function from a table of a reader to the table that is written."""

    def predict(table: pa.Table) -> pa.Table:
        probabilities = classifier.predict_proba(table["text"])
        decoded = classifier.decode(probabilities, request.threshold)
        columns: dict[str, Any] = _kept(Texts.of(table, request.columns).kept)
        if classifier.targets.multilabel:
            columns["labels"] = pa.array([list(labels) for labels in decoded], pa.list_(pa.string()))
        else:
            columns["label"] = pa.array([next(iter(labels), None) for labels in decoded], pa.string())
            columns["probability"] = pa.array(_of_labels(classifier, decoded, probabilities), pa.float32())
        for place, label in enumerate(classifier.labels):
            columns[f"{PROBABILITY}{label}"] = pa.array(probabilities[:, place])
        return pa.table(columns)

    return predict


def _of_labels(classifier: Classifier, decoded: list[tuple[str, ...]], probabilities: Any) -> list[float]:
    """Return the probability of the label of each text; where the classifier abstains, the highest."""
    places = {label: place for place, label in enumerate(classifier.labels)}
    return [
        float(row[places[labels[0]]] if labels else row.max())
        for labels, row in zip(decoded, probabilities, strict=True)
    ]


def _kept(rows: list[dict] | None) -> dict[str, Any]:
    """Return the fields that are kept as columns. A name of ours gets the prefix `input_`."""
    columns = {}
    for name in dict.fromkeys(chain.from_iterable(rows or [])):
        columns[kept_name(name)] = pa.array([row.get(name) for row in rows or []])
    return columns


def _write_parquet(stream: Any, tables: Iterable[pa.Table]) -> None:
    import pyarrow.parquet

    writer = None
    for table in tables:
        writer = writer or pyarrow.parquet.ParquetWriter(stream, table.schema)
        try:
            writer.write_table(table.cast(writer.schema))
        except (pa.ArrowException, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise DataError(f"--keep: expected columns of one type in every row: {reason}. Keep others.") from None
    if writer:
        writer.close()


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


def _check_manifest(folder: Path, manifest: dict) -> None:
    """Check that the predictions in a folder are of the same job; say so in a folder without any."""
    path = folder / MANIFEST
    if not path.exists():
        others = [each.name for each in folder.iterdir() if not each.name.startswith(".")]
        if others:
            raise WriteError(f"{folder}: expected an empty folder, but it has {others[0]}. Choose another --output.")
        write_json(path, manifest)
    try:
        found = parse_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: damaged: {error}. Choose another --output.") from None
    changed = [name for name in manifest if found.get(name) != manifest[name]]
    if changed:
        raise RunError(
            f"{folder}: has predictions of another job ({', '.join(changed)} differ). Choose another --output."
        )
