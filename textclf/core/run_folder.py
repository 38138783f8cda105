"""The run folder: the names of everything in a run, and how a run is created, finished and found."""

import datetime
import os
from collections.abc import Callable
from pathlib import Path

from textclf.core.errors import RunError, did_you_mean
from textclf.core.files import PARTIAL, atomic_folder, cannot_write, parse_json, write_json
from textclf.core.untrusted import MIB, read_within, refuse_links

FORMAT_VERSION = 1
RUNS = Path("runs")
LATEST = "latest"
VALIDATION = "validation_"  # before the names of columns of `history.csv` that are measured on validation
CACHE = ".cache"  # of encoded texts, beside the runs that share it
LARGEST_FILE = 16 * MIB  # of run.json and metrics.json


class RunFolder:
    """One training and what it left. `docs/run-folder.md` describes every file."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.config = self.path / "config.yaml"
        self.about = self.path / "run.json"
        self.log = self.path / "train.log"
        self.splits = self.path / "splits.csv"
        self.history = self.path / "history.csv"
        self.checkpoints = self.path / "checkpoints"
        self.best_checkpoint = self.checkpoints / "best.npz"
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

    def network(self, name: str, apart: bool = True) -> "RunFolder":
        """The part for one network of several, with its history and its checkpoints, made if it is missing.

        Args:
            apart: false where there is one network only: it has the run for itself.
        """
        part = RunFolder(self.path / "networks" / name) if apart else self
        part.checkpoints.mkdir(parents=True, exist_ok=True)
        return part

    def read_about(self) -> dict:
        """What `run.json` says.

        Raises:
            RunError: the folder is not a run, or of a newer format.
        """
        try:
            about = self._read_json(self.about)
            version = about["format_version"]
        except FileNotFoundError:
            raise RunError(f"{self.path}: expected a run folder, but it has no run.json.") from None
        except (OSError, ValueError, KeyError) as error:
            raise RunError(
                f"{self.about}: damaged: {getattr(error, 'strerror', None) or error}. Train again."
            ) from None
        if type(version) is not int or version > FORMAT_VERSION:
            raise RunError(
                f"{self.path}: expected a run of format {FORMAT_VERSION} or older, received format {version!s:.40}. "
                "It was made by a newer textclf: pip install --upgrade textclf-keras."
            )
        return about

    def read_metrics(self) -> dict:
        """What `metrics.json` says; nothing if there is none yet.

        Raises:
            RunError: it is no such file.
        """
        try:
            return self._read_json(self.metrics)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise RunError(f"{self.metrics}: damaged: {getattr(error, 'strerror', None) or error}.") from None

    def inside(self, path: Path) -> Path:
        """A path in the folder, once it is certain that no symbolic link on it leads out, and that it is no pipe.

        Raises:
            RunError: one does, or may.
        """
        try:
            refuse_links(self.path, path)
            if path.exists() and not path.is_file() and not path.is_dir():
                raise ValueError("expected an ordinary file or folder, received something else")
        except ValueError as error:
            raise RunError(f"{path}: not used: {error}. Remove it, or copy the run without links.") from None
        return path

    def _read_json(self, path: Path) -> dict:
        content = parse_json(read_within(self.path, path.name, LARGEST_FILE))
        if not isinstance(content, dict):
            raise ValueError("expected an object of names and values")
        return content

    def update_about(self, **changes: object) -> None:
        """Change some entries of `run.json`."""
        write_json(self.about, {**self.read_about(), **changes})

    def finish(self, *, latest: bool = True, **changes: object) -> None:
        """Mark the run as finished, and make it the one that `runs/latest` names, unless it is part of another."""
        self.update_about(status="finished", **changes)
        if not latest:
            return
        link, partial = self.path.parent / LATEST, self.path.parent / f".{LATEST}.{os.getpid()}{PARTIAL}"
        try:
            partial.unlink(missing_ok=True)
            partial.symlink_to(self.path.name, target_is_directory=True)
            partial.replace(link)
        except OSError as error:
            raise cannot_write(link, error) from None


def check_name(name: str | None) -> None:
    """Refuse a name that is no folder below `runs/`.

    Raises:
        RunError: it is none.
    """
    if name is not None and (not name.strip() or name in {LATEST, CACHE, ".", ".."} or Path(name).name != name):
        raise RunError(f"--run: expected a name for a folder below {RUNS}/, received '{name}'.")


def create_run(
    name: str | None, config_name: str, about: dict, fill: Callable[[RunFolder], None] | None = None
) -> RunFolder:
    """Make a new folder below `runs/`: `name`, or the date and the config's name with a number if it is taken.

    Args:
        fill: writes what the run has from the beginning; the folder is there with all of it, or not at all.

    Raises:
        RunError: a run of that name exists.
        WriteError: the folder cannot be made.
    """
    check_name(name)
    base = name or f"{datetime.date.today():%Y-%m-%d}-{config_name}"
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
            return _create(path, about, fill)
        except FileExistsError:
            if name:
                raise RunError(f"{path}: a run of this name exists. Choose another --run, or remove it.") from None
            number += 1


def create_part(run: RunFolder, name: str, about: dict, fill: Callable[[RunFolder], None]) -> RunFolder:
    """A run within another one."""
    return _create(run.path / name, about, fill)


def _create(path: Path, about: dict, fill: Callable[[RunFolder], None] | None = None) -> RunFolder:
    with atomic_folder(path) as partial:
        run = RunFolder(partial)
        run.checkpoints.mkdir()
        write_json(run.about, {"format_version": FORMAT_VERSION, "status": "running", **about})
        if fill:
            fill(run)
    return RunFolder(path)


def find_run(run: str | Path | None) -> RunFolder:
    """A run by its folder or its name below `runs/`; without one, the newest finished run.

    Raises:
        RunError: there is no such run; says which there are.
    """
    path = find_folder(run)
    if not (path / "run.json").exists():
        raise RunError(f"{path}: expected a run folder, but it has no run.json.")
    return RunFolder(path)


def find_classifier(run: str | os.PathLike | None) -> Path:
    """The classifier folder of a run, or `run` itself if it is a (copied) classifier folder.

    Raises:
        RunError: there is no such run, or it has no classifier because it is not finished.
    """
    path = find_folder(run)
    if (path / "classifier.json").exists():
        return path
    found = find_run(path)
    status = found.read_about().get("status")
    if status != "finished":
        raise RunError(
            f"{path}: expected a finished run, but this one is {status!s:.40}: it has no classifier. "
            f"textclf resume {path} goes on with it."
        )
    if not found.inside(found.classifier).exists():
        raise RunError(f"{path}: expected a run with a classifier, but this one has none. Train again.")
    return found.classifier


def find_folder(run: str | os.PathLike | None) -> Path:
    """The folder that `--run` names."""
    if run is None:
        if not (RUNS / LATEST).exists():
            raise RunError(f"expected a finished run in {RUNS}/, but there is none. Train one, or name one with --run.")
        return (RUNS / LATEST).resolve().relative_to(Path.cwd()) if _below_here(RUNS / LATEST) else RUNS / LATEST
    for path in (Path(run), RUNS / run):
        try:
            if path.is_dir():
                return path
        except (OSError, ValueError):  # too long, or with a NUL: no folder has that name
            break
    names = run_names()
    listed = f"The runs are: {', '.join(names[-10:])}." if names else f"There are no runs in {RUNS}/ yet."
    meant = did_you_mean(str(run), names, otherwise=".")
    raise RunError(f"{run}: expected a run or classifier folder, but there is none{meant} {listed}")


def run_names() -> list[str]:
    """The runs below `runs/`, in the order of their names."""
    return sorted(path.parent.name for path in RUNS.glob("[!.]*/run.json") if path.parent.name != LATEST)


def _below_here(path: Path) -> bool:
    return path.resolve().is_relative_to(Path.cwd())
