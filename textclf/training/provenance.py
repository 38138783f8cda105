"""The origin of a run: versions, data checksums, machine. `run.json` keeps it, and resuming compares it."""

import os
import platform
import shlex
import sys
import time
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from textclf import __version__
from textclf.config.config import Config
from textclf.config.ensemble import members_of, vector_files
from textclf.core.encoder_source import DEFAULT_REVISION, EncoderFolder, resolve
from textclf.core.files import checksum, checksums
from textclf.core.hub.encoders import use_commit
from textclf.data.dataset import Dataset
from textclf.data.in_memory import IN_MEMORY, digest_of
from textclf.data.readers.sources import expand

PACKAGES = (
    "tensorflow",
    "keras",
    "onnx",
    "onnxruntime",
    "numpy",
    "pandas",
    "pyarrow",
    "scikit-learn",
    "scipy",
    "tokenizers",
    "rjieba",
    "optuna",
)


def provenance(config: Config, in_memory: Mapping[str, Dataset] | None = None) -> dict:
    """Return the entries of `run.json` that say what a run is made with.

    Args:
        in_memory: the splits, if the config names no files.

    Raises:
        DataError: a data file cannot be read.
    """
    data = config.data
    sources = [data.train, data.validation, data.test, data.unlabelled]
    named = [source for source in sources if source not in (None, IN_MEMORY) and not isinstance(source, float)]
    encoders = encoders_of(config)
    files = [expand(source, data) for source in named] + [vector_files(config.model)]
    return {
        "command": shlex.join(sys.argv),
        "seed": config.seed,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "versions": {"textclf": __version__, "python": platform.python_version(), **_versions()},
        "machine": {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count()},
        "data_sha256": {
            **{f"{name} {IN_MEMORY}": digest_of(dataset) for name, dataset in (in_memory or {}).items()},
            **{name: digest for source in files for name, digest in checksums(source).items()},
            **{name: digest for one in encoders.items() for name, digest in _encoder_files(*one).items()},
        },
        **({"encoders": {weights: _origin(found) for weights, found in encoders.items()}} if encoders else {}),
    }


def encoders_of(config: Config) -> dict[str, EncoderFolder]:
    """Return the files of each pretrained encoder that a config names, by `weights`.

    Raises:
        ConfigError, DataError: there is none of that name, or it cannot be downloaded.
    """
    return {weights: resolve(weights, revision) for weights, revision in _named_encoders(config)}


def use_encoders(metadata: Mapping, config: Config) -> None:
    """Make this process read the commits of encoders with which an interrupted run began.

    Args:
        metadata: the content of its `run.json`, which may come from a stranger.
    """
    begun = metadata.get("encoders")
    for weights, revision in _named_encoders(config):
        entry = begun.get(weights) if isinstance(begun, dict) else None
        commit = entry.get("commit") if isinstance(entry, dict) else None
        if isinstance(commit, str):
            use_commit(weights, revision or DEFAULT_REVISION, commit)


def _named_encoders(config: Config) -> list[tuple[str, str | None]]:
    networks = [member.model for member in members_of(config.model, config.training)]
    return [(one.weights, one.revision) for one in [*networks, config.preprocessing] if getattr(one, "weights", None)]


def _origin(found: EncoderFolder) -> dict[str, str | None]:
    return {name: getattr(found, name) for name in ("repository", "commit", "license", "origin")}


def _encoder_files(weights: str, found: EncoderFolder) -> dict[str, str]:
    """Return the SHA-256 of each file of an encoder that a training reads."""
    paths = [found.folder / "config.json", found.folder / "tokenizer.json", *sorted(found.folder.glob("*.safetensors"))]
    return {f"{weights}/{path.name}": checksum(path) for path in paths if path.exists()}


def changes(before: Mapping, now: Mapping, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield a line for each value that differs; entries of a list count from 1."""
    for name in dict.fromkeys([*before, *now]):
        old, new = before.get(name), now.get(name)
        if isinstance(old, list) and isinstance(new, list) and any(isinstance(value, Mapping) for value in old + new):
            old, new = (dict(enumerate(values, start=1)) for values in (old, new))
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from changes(old, new, (*path, str(name)))
        elif old != new:
            yield f"{'.'.join((*path, str(name)))}: was {_short(old)}, is {_short(new)}"


def _versions() -> dict[str, str]:
    """Return the versions of the installed packages; some are optional."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _short(value: Any) -> str:
    return "missing" if value is None else f"{value!s:.40}"
