"""The run folder: the names of the files of a run, and how a run is created and finished.

`docs/run-folder.md` describes every file.
"""

import contextlib
import datetime
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from textclf.core.errors import RunError
from textclf.core.files import (
    MIB,
    atomic_folder,
    cannot_write,
    parse_json,
    read_untrusted,
    reject_symlinks,
    write_json,
)
from textclf.core.formatting import SUMMARY_METRICS, UNDECODED, escape_control, summary_header, summary_row

FORMAT_VERSION = 1
RUNS = Path("runs")
LATEST = "latest"  # in place of a run's name: the latest finished run, see find_run.py
VALIDATION = "validation_"  # prefix of the columns of `history.csv` that are measured on validation
TRAINING, CROSS_VALIDATION, SEARCH = "training", "cross-validation", "search"  # kinds of runs
CACHE = ".cache"  # encoded texts, beside the runs that share them
LARGEST_FILE = 16 * MIB  # of run.json and metrics.json
LARGEST_MODEL = 1024 * MIB  # of model.onnx; a file of protobuf cannot have 2 GiB
# The files of a classifier, and how large they may be. In memory a file is several times as large: JSON up to ten
# times, weights three times.
MODEL, TOKENIZER, LABELS, METADATA = "model.onnx", "tokenizer.json", "labels.json", "classifier.json"
PACKED_TOKENIZER = "tokenizer.json.gz"  # in place of tokenizer.json in an exported classifier of a lower precision
LARGEST_TOKENIZER = 64 * MIB  # before and after unpacking
LARGEST_FILES = {
    MODEL: LARGEST_MODEL,
    TOKENIZER: LARGEST_TOKENIZER,
    PACKED_TOKENIZER: LARGEST_TOKENIZER,
    LABELS: 8 * MIB,
    METADATA: MIB,
}
# Those for people, beside them: the model card, the license, and where a pretrained encoder comes from.
CARD, LICENSE, NOTICE = "README.md", "LICENSE", "NOTICE"
LARGEST_BESIDE = {CARD: MIB, LICENSE: MIB, NOTICE: MIB}


class RunFolder:
    """The paths of one run, and what its JSON files say."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.config = self.path / "config.yaml"
        self.metadata = self.path / "run.json"
        self.log = self.path / "train.log"
        self.splits = self.path / "splits.csv"
        self.history = self.path / "history.csv"
        self.checkpoints = self.path / "checkpoints"
        self.best_checkpoint = self.checkpoints / "best.npz"
        self.encoder_checkpoint = self.checkpoints / "encoder.npz"
        self.last_checkpoint = self.checkpoints / "last.npz"
        self.metrics = self.path / "metrics.json"
        self.predictions = self.path / "predictions.csv"
        self.report = self.path / "report.html"
        self.classifier = self.path / "classifier"
        self.tensorboard = self.path / "tensorboard"
        self.evaluations = self.path / "evaluations"
        self.cache = RUNS / CACHE

    def __fspath__(self) -> str:
        return os.fspath(self.path)

    def __repr__(self) -> str:
        return f"RunFolder('{self.path}')"

    def _repr_html_(self) -> str:
        """Return the main metrics of each split, for a notebook."""
        from textclf.core.html import html_table

        metrics = self.read_metrics()
        if "by_fold" in metrics:  # of a cross-validation
            unknown = {"rows": "–", "majority_accuracy": None, **dict.fromkeys(SUMMARY_METRICS)}
            metrics = {"mean of the folds": {**unknown, **metrics["mean"]}}
        rows = [[split, *summary_row(found)] for split, found in metrics.items()]
        title = f"{self.path}: {self.read_metadata().get('status')!s:.40}"
        return html_table(["split", *summary_header()], rows, title)

    def network(self, name: str, apart: bool = True) -> "RunFolder":
        """Return the folder of one network, with its history and checkpoints; make it if it is missing.

        Args:
            apart: false for the only network of a run, whose files lie in the run folder itself.
        """
        part = RunFolder(self.path / "networks" / name) if apart else self
        part.cache = self.cache
        part.checkpoints.mkdir(parents=True, exist_ok=True)
        return part

    def read_metadata(self) -> dict:
        """Return the content of `run.json`.

        Raises:
            RunError: the folder is not a run, its `run.json` is damaged, or its format is newer.
        """
        try:
            metadata = self._read_json(self.metadata)
            version = metadata["format_version"]
        except FileNotFoundError:
            raise RunError(f"{self.path}: expected a run folder, but it has no run.json.") from None
        except (OSError, ValueError, KeyError) as error:
            raise unusable(self.metadata, error, " Train again.") from None
        if type(version) is not int or version > FORMAT_VERSION:
            raise RunError(
                f"{self.path}: expected a run of format {FORMAT_VERSION} or older, got format {version!s:.40}. "
                "It was made by a newer textclf: pip install --upgrade textclf-keras."
            )
        return metadata

    def read_metrics(self) -> dict:
        """Return the content of `metrics.json`, empty if it is not written yet.

        Raises:
            RunError: the file is damaged.
        """
        try:
            return self._read_json(self.metrics)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise unusable(self.metrics, error) from None

    def inside(self, path: Path) -> Path:
        """Return a path in the folder after checking that it holds no symbolic link and is no pipe or device.

        Raises:
            RunError: it does, or is.
        """
        try:
            reject_symlinks(self.path, path)
            if path.exists() and not path.is_file() and not path.is_dir():
                raise ValueError("expected an ordinary file or folder, got something else")
        except ValueError as error:
            raise RunError(f"{path}: not used: {error}. Remove it, or copy the run without links.") from None
        return path

    def _read_json(self, path: Path) -> dict:
        content = parse_json(read_untrusted(self.path, path.name, LARGEST_FILE))
        if not isinstance(content, dict):
            raise ValueError("expected an object of names and values")
        return content

    def update_metadata(self, **changes: object) -> None:
        """Change some entries of `run.json`."""
        write_json(self.metadata, {**self.read_metadata(), **changes})

    def finish(self, **changes: object) -> None:
        """Mark the run as finished now."""
        finished = datetime.datetime.now().astimezone().isoformat()
        self.update_metadata(status="finished", finished=finished, **changes)
        # Older versions kept a symbolic link to the newest run, which would now lead to an old one. Nothing reads it.
        link = self.path.parent / LATEST
        if link.is_symlink():
            with contextlib.suppress(OSError):
                link.unlink()


def kind_of(metadata: Mapping) -> str:
    """Return which kind of run the content of a `run.json` is of."""
    if metadata.get("search") is True:
        return SEARCH
    return CROSS_VALIDATION if isinstance(metadata.get("folds"), int) else TRAINING


def check_name(name: str | None) -> None:
    """Check that a name can be a folder below `runs/`.

    Raises:
        RunError: it cannot.
    """
    if name is None:
        return
    if not name.strip() or name == LATEST or name[0] in ".~" or Path(name).name != name:
        raise RunError(
            f"--run: expected a name for a folder below {RUNS}/, got '{name}'. Choose one without /, "
            "which begins with another character than . and ~."
        )
    if UNDECODED.search(name):
        raise RunError(f"--run: expected a name in UTF-8, got '{escape_control(name)}'.")


def unusable(path: Path, error: Exception, advice: str = "") -> RunError:
    """Return the error for a file of a run that cannot be read, or whose content is damaged."""
    if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
        return RunError(f"{path}: cannot be read: {error.strerror}. Check its permissions and the disk.")
    return RunError(f"{path}: damaged: {getattr(error, 'strerror', None) or error}.{advice}")


def create_run(
    name: str | None, config_name: str, metadata: dict, fill: Callable[[RunFolder], None] | None = None
) -> RunFolder:
    """Make a new run below `runs/`, named by `name` or by the date and the config, with a number if that is taken.

    Args:
        metadata: the first entries of `run.json`.
        fill: writes the files that the run has from the beginning. The folder appears with all of them, or not at all.

    Raises:
        RunError: a run of that name exists.
        WriteError: the folder cannot be made.
    """
    check_name(name)
    base = name or f"{datetime.date.today():%Y-%m-%d}-{UNDECODED.sub('_', config_name)}"
    try:
        RUNS.mkdir(exist_ok=True)
    except FileExistsError:
        raise RunError(f"{RUNS}: expected a folder for runs, but a file is in its place.") from None
    except OSError as error:
        raise cannot_write(RUNS, error) from None
    number = 1
    while True:
        path = RUNS / (base if number == 1 else f"{base}-{number}")
        try:
            return _create(path, metadata, fill)
        except FileExistsError:
            if name:
                raise RunError(f"{path}: a run of this name exists. Choose another --run, or remove it.") from None
            number += 1


def create_part(run: RunFolder, name: str, metadata: dict, fill: Callable[[RunFolder], None]) -> RunFolder:
    """Make a run within another one."""
    return _create(run.path / name, metadata, fill)


def _create(path: Path, metadata: dict, fill: Callable[[RunFolder], None] | None) -> RunFolder:
    with atomic_folder(path) as partial:
        run = RunFolder(partial)
        run.checkpoints.mkdir()
        write_json(run.metadata, {"format_version": FORMAT_VERSION, "status": "running", **metadata})
        if fill:
            fill(run)
    return RunFolder(path)
