"""Find a run: by its folder, by its name below `runs/`, or as the latest finished one.

Nothing marks the latest run. It is found from the run folders themselves, so it stays right when runs are copied,
renamed or removed, and on systems without symbolic links.
"""

import datetime
import os
from collections.abc import Iterator
from pathlib import Path

from textclf.core.errors import RunError, did_you_mean
from textclf.core.files import expand_home, is_folder
from textclf.core.hub.address import is_address, parse_address
from textclf.core.run_folder import CROSS_VALIDATION, LATEST, RUNS, RunFolder, kind_of
from textclf.core.zip_archive import is_archive

MOST_LISTED = 10  # runs in a message
CLOCK_TOLERANCE = 60  # seconds by which the clock of a file server may be behind ours


def find_run(run: str | Path | None) -> RunFolder:
    """Return a run by its folder or its name below `runs/`; `None` means the latest finished run.

    Raises:
        RunError: there is no such run; the message lists the runs there are.
    """
    path = find_folder(run)
    if not (path / "run.json").exists():
        raise RunError(f"{path}: expected a run folder, but it has no run.json.")
    return RunFolder(path)


def find_classifier(run: str | os.PathLike | None) -> Path:
    """Return the classifier folder of a run, or `run` itself if it is a (copied) classifier folder or its zip file.

    Of an address of the hub, `hf://owner/name`, return the folder in the cache, after downloading what it lacks.

    Raises:
        RunError: there is no such run, or it is not finished and has no classifier.
    """
    if not isinstance(run, str | os.PathLike | None):
        raise RunError(
            f"run: expected the path or the name of a run, got {type(run).__name__}. Save a classifier, and name its "
            "folder: classifier.save(folder), or estimator.classifier_.save(folder)."
        )
    if run is not None and is_address(run):
        from textclf.core.hub.classifiers import download_classifier

        return download_classifier(parse_address(run))
    if run is not None and is_archive(archive := Path(expand_home(os.fspath(run)))):
        return archive
    path = find_folder(run)
    if (path / "classifier.json").exists():
        return path
    found = find_run(path)
    metadata = found.read_metadata()
    status = metadata.get("status")
    if status != "finished":
        raise RunError(
            f"{path}: expected a finished run, but this one is {status!s:.40}: it has no classifier. "
            f"To continue it: textclf resume {path}"
        )
    if not found.inside(found.classifier).exists():
        reason = (
            "a cross-validation has none. Train without --folds."
            if kind_of(metadata) == CROSS_VALIDATION
            else "this one has none. Train again."
        )
        raise RunError(f"{path}: expected a run with a classifier, but {reason}")
    return found.classifier


def find_folder(run: str | os.PathLike | None) -> Path:
    """Return the folder that `--run` names: a path, or a name below `runs/`; `None` means the latest finished run.

    Raises:
        RunError: there is no such folder; the message lists the runs there are.
    """
    if run is not None and is_address(run):
        raise RunError(f"{run}: expected a run, but on the hub there are only classifiers. Name a run folder.")
    if run is not None and not str(run).strip():
        raise RunError("expected a run, got an empty name. Name one, or omit --run for the latest.")
    path = resolve_latest(RUNS / LATEST if run is None else expand_home(os.fspath(run)))
    for candidate in (path, RUNS / path):
        if is_folder(candidate):
            return candidate
    names = run_names()
    some = f"{MOST_LISTED} of the {len(names)} runs" if len(names) > MOST_LISTED else "The runs"
    listed = f"{some} are: {', '.join(names[-MOST_LISTED:])}." if names else f"There are no runs in {RUNS}/ yet."
    meant = did_you_mean(str(run), names, otherwise=".")
    raise RunError(f"{run}: expected a run or classifier folder, but there is none{meant} {listed}")


def run_names() -> list[str]:
    """Return the names of the runs below `runs/`, sorted."""
    return sorted(path.parent.name for path in RUNS.glob("[!.]*/run.json") if path.parent.name != LATEST)


def resolve_latest(path: str | os.PathLike) -> Path:
    """Return the path with the folder of the latest finished run in place of `runs/latest`.

    `latest` alone means `runs/latest`, and the rest of a path stays: `runs/latest/config.yaml` is a file of that run.
    The same holds for `latest` in another folder of runs. A real folder of that name is itself, except in `runs/`,
    where only an older version can have left one.

    Raises:
        RunError: no run in `runs/` has finished.
    """
    parts = Path(path).parts
    if LATEST not in parts or (parts[0] == LATEST and is_folder(Path(LATEST))):
        return Path(path)
    place = parts.index(LATEST)
    folder = Path(*parts[:place]) if place else RUNS
    is_runs = _is_same(folder, RUNS)
    if not is_runs and is_folder(folder / LATEST) and not (folder / LATEST).is_symlink():
        return Path(path)
    if run := latest_run(folder):
        return run.path.joinpath(*parts[place + 1 :])
    if is_runs:
        raise RunError(f"expected a finished run in {RUNS}/, but there is none. Train one, or name one with --run.")
    return Path(path)


def _is_same(folder: Path, other: Path) -> bool:
    try:
        return folder == other or folder.samefile(other)
    except (OSError, ValueError):  # one of them does not exist
        return False


def latest_run(folder: Path = RUNS) -> RunFolder | None:
    """Return the run in `folder` that finished last, or `None` if no run has finished.

    `run.json` says when its run finished, so a copied, moved or renamed run keeps its place. Runs that finished at the
    same moment are ordered by name. Cross-validations do not count: they have no classifier.

    A file cannot tell of a moment after it was written. So `run.json` is read by modification time, newest first, and
    reading stops where no other file can tell of a later moment: after one or two files, however many runs there are.
    All files are read only if all runs have been copied.
    """
    best: tuple[float, str] | None = None
    for written, path in sorted(_run_files(folder), reverse=True):
        if best and written + CLOCK_TOLERANCE < best[0]:
            break
        finished = _finish_time(RunFolder(path), written)
        if finished is not None:
            best = max(best or (finished, path), (finished, path))
    return RunFolder(best[1]) if best else None


def _run_files(folder: Path) -> Iterator[tuple[float, str]]:
    """Yield the modification time of each `run.json` and the folder that it is in."""
    try:
        entries = list(os.scandir(folder))
    except (OSError, ValueError):  # no such folder
        return
    for entry in entries:
        if entry.name == LATEST or entry.name.startswith("."):
            continue
        try:
            yield Path(entry.path, "run.json").stat().st_mtime, entry.path
        except OSError:  # no run
            continue


def _finish_time(run: RunFolder, written: float) -> float | None:
    """Return when a run finished, in seconds since 1970; `None` if it has not, or cannot be read.

    Args:
        written: the modification time of its `run.json`.
    """
    try:
        metadata = run.read_metadata()
    except RunError:
        return None
    if metadata.get("status") != "finished" or kind_of(metadata) == CROSS_VALIDATION:
        return None
    try:
        if "finished" in metadata:
            return datetime.datetime.fromisoformat(metadata["finished"]).timestamp()
        # Older versions wrote when a run began or was resumed, and how many seconds it took from there.
        began = [metadata["started"], *metadata.get("resumed", [])][-1]
        return min(datetime.datetime.fromisoformat(began).timestamp() + metadata["seconds"], written)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):  # no times, or times that are none
        return written
