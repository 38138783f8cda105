"""The classifiers in service, by name. A new one is loaded beside the old one, checked, and swapped in."""

import asyncio
import hashlib
import json
import logging
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np

from textclf.core.errors import RunError, did_you_mean
from textclf.core.find_run import find_classifier
from textclf.core.hub.address import is_address, parse_address
from textclf.core.run_folder import LABELS, METADATA, MODEL, PACKED_TOKENIZER, TOKENIZER, RunFolder
from textclf.core.zip_archive import ENDING, is_archive
from textclf.inference.classifier import Classifier, load_classifier
from textclf.inference.server.metrics import MOST_LABELS, Metrics
from textclf.inference.server.problems import RequestError

log = logging.getLogger(__name__)

DEFAULT = "default"  # the name of the newest finished run, which changes with --follow
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
TRIAL = ["a wonderful film", "好", ""]  # what a new classifier answers before it is in service
SCORES = ("accuracy", "f1_macro", "f1_micro", "log_loss", "rows")
PARTS = ("test", "validation")  # the first that a run has


class Served(NamedTuple):
    """A classifier in service. It never changes: a swap puts another in its place."""

    name: str
    classifier: Classifier
    run: str  # the name of the run or folder that it comes from
    version: str  # the first digits of a checksum of its files
    counted_labels: frozenset[str]
    description: dict  # for GET /v1/models


def parse_sources(values: Iterable[str]) -> dict[str, str | None]:
    """Return the runs by name: of `--run [NAME=]RUN`, repeated; of none the newest finished run, called `default`.

    Raises:
        click.UsageError: two have the same name, or a name cannot be part of an address.
        RunError: an address of the hub that is none.
    """
    sources: dict[str, str | None] = {}
    for value in values:
        name, equals, run = value.partition("=")
        if not equals or is_address(value) or Path(value).exists():
            name, run = Path(value).name.removesuffix(ENDING), value
            if is_address(value):
                name = parse_address(value).repository.rpartition("/")[2]
            if name == "classifier":
                name = Path(value).absolute().parent.name or DEFAULT  # of /classifier, as in the image
        if not run:
            raise click.UsageError(f"--run '{value}': expected [NAME=]RUN, got no RUN. See: textclf serve --help")
        if not NAME.fullmatch(name):
            expected = "expected a name of letters, digits, '.', '_' and '-'"
            raise click.UsageError(f"--run {value}: {expected}, got '{name}'. Give one: --run NAME={run}")
        if name in sources:
            raise click.UsageError(
                f"--run: two runs are called '{name}'. Name them: --run A={sources[name]} --run B={run}"
            )
        sources[name] = run
    return sources or {DEFAULT: None}


def load_served(name: str, source: str | None) -> Served:
    """Load a classifier, and let it answer a few texts.

    Raises:
        RunError: there is none, or it is damaged, or its answers are no probabilities.
    """
    folder = find_classifier(source)
    classifier = load_classifier(folder)
    probabilities = classifier.predict_proba(TRIAL)
    if not (np.isfinite(probabilities).all() and (probabilities >= 0).all() and (probabilities <= 1).all()):
        raise RunError(f"{folder}: expected probabilities, got NaN or other values. Train again.")
    files = json.dumps(classifier.metadata["files"], sort_keys=True)
    version = hashlib.sha256(files.encode()).hexdigest()[:12]
    run = folder.resolve().parent.name if folder.name == "classifier" else folder.resolve().name
    description = _describe(name, run, version, classifier, folder)
    return Served(name, classifier, run, version, frozenset(classifier.labels[:MOST_LABELS]), description)


def _describe(name: str, run: str, version: str, classifier: Classifier, folder: Path) -> dict:
    targets = classifier.targets
    text_column = classifier.metadata["text_column"]
    return {
        "name": name,
        "run": run,
        "version": version,
        "type": targets.type,
        "labels": classifier.labels,
        "separator": targets.separator,
        "takes_threshold": targets.multilabel or targets.single_output,
        "thresholds": classifier.decision.thresholds and list(classifier.decision.thresholds),
        "abstain_below": classifier.decision.abstain_below,
        "text_column": text_column if isinstance(text_column, str) else text_column[0],
        "loaded": datetime.now(UTC).isoformat(timespec="seconds"),
        **_of_run(folder),
    }


def _of_run(folder: Path) -> dict:
    """Return when the run of a classifier finished, and its scores; nulls if the folder stands alone."""
    run = RunFolder(folder.parent)
    try:
        metadata, metrics = run.read_metadata(), run.read_metrics()
    except RunError:
        return {"trained": None, "scores": None}
    trained = metadata.get("finished") or metadata.get("started")
    for part in PARTS:
        if isinstance(measured := metrics.get(part), dict):
            scores = {key: measured[key] for key in SCORES if isinstance(measured.get(key), int | float)}
            return {"trained": trained, "scores": {"part": part, **scores}}
    return {"trained": trained, "scores": None}


class Classifiers:
    """The classifiers in service. Loading happens in a thread, one at a time."""

    def __init__(self, sources: dict[str, str | None], metrics: Metrics):
        self._sources, self._metrics = sources, metrics
        self._served = {name: load_served(name, source) for name, source in sources.items()}
        self._signatures = {name: self._signature(name) for name in sources}
        self._thread = ThreadPoolExecutor(1, "textclf-load")
        metrics.show_models(self.all())

    def all(self) -> list[Served]:
        """Return all, in the order of `--run`."""
        return list(self._served.values())

    def get(self, name: str | None) -> Served:
        """Return one; without a name the first.

        Raises:
            RequestError: 404, there is none of that name.
        """
        if name is None:
            return next(iter(self._served.values()))
        if name not in self._served:
            names = ", ".join(self._served)
            meant = did_you_mean(name, self._served, otherwise=".")
            raise RequestError(404, f"model: expected one of {names}, got {name!r:.60}{meant}")
        return self._served[name]

    async def reload(self) -> dict[str, dict]:
        """Load every classifier again and swap those that load; the others stay as they are.

        Returns:
            For each name: `{"result": "loaded", "run", "version"}` or `{"result": "failed", "reason"}`.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: {name: self._swap(name) for name in self._sources})

    async def follow(self) -> None:
        """Swap each classifier whose files are newer than those in service."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._swap_changed)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _swap_changed(self) -> None:
        for name in self._sources:
            signature = self._signature(name)
            if signature and signature != self._signatures[name]:
                self._swap(name)

    def _swap(self, name: str) -> dict:
        """Load one beside the old one and put it in its place. Whatever goes wrong, the old one stays."""
        self._signatures[name] = self._signature(name)
        try:
            served = load_served(name, self._sources[name])
        except Exception as error:
            log.warning("reload of %s failed, the old one stays in service: %s", name, error)
            self._metrics.count_reload(name, "failed")
            return {"result": "failed", "reason": str(error)}
        self._served = {**self._served, name: served}
        self._metrics.count_reload(name, "loaded")
        self._metrics.show_models(self.all())
        log.info("loaded %s: run %s, version %s", name, served.run, served.version)
        return {"result": "loaded", "run": served.run, "version": served.version}

    def _signature(self, name: str) -> tuple | None:
        """Return what changes when a classifier's files do; `None` where there is none now.

        All files count: the first is there before the last, while a folder is being copied. The hub is not asked every
        second: a classifier of the hub changes when SIGHUP loads it again.
        """
        source = self._sources[name]
        if source is not None and is_address(source):
            return None
        try:
            folder = find_classifier(source)
            tokenizers = [name for name in (TOKENIZER, PACKED_TOKENIZER) if (folder / name).exists()] or [TOKENIZER]
            paths = [folder / name for name in (MODEL, *tokenizers, LABELS, METADATA)]
            stats = [path.stat() for path in ([folder] if is_archive(folder) else paths)]
        except (RunError, OSError):
            return None
        return str(folder), *((stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in stats)
