"""Check a config and its data before training, without TensorFlow."""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from textclf.config.config import Config, load_config
from textclf.config.ensemble import check_labels, check_ngrams, check_pretrained_files, check_vector_files
from textclf.core.errors import ConfigError, TextclfError
from textclf.core.text_column import stored_texts
from textclf.data.checks import CHECKS
from textclf.data.checks.context import CheckContext
from textclf.data.checks.finding import Finding
from textclf.data.dataset import Dataset
from textclf.data.loading import read_readable_splits
from textclf.data.splitting import inner_fold_numbers
from textclf.data.targets import Targets
from textclf.data.unlabelled import read_unlabelled
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.training.devices import check_alone, check_devices
from textclf.training.loggers import check_loggers

SEVERITIES = ("error", "warning", "note")
MOST_IN_SUMMARY = 5


class Report(NamedTuple):
    """The findings, errors first, and the number of rows of each label in each readable split."""

    config: str
    splits: dict[str, dict]
    findings: list[Finding]

    @property
    def would_fail(self) -> bool:
        """Return whether training would end with an error."""
        return any(finding.severity == "error" for finding in self.findings)

    def to_dict(self) -> dict:
        """Return the report as plain JSON."""
        findings = [finding._asdict() for finding in self.findings]
        return {"config": self.config, "would_fail": self.would_fail, "splits": self.splits, "findings": findings}


def find_problems(
    splits: dict[str, Dataset],
    preprocessor: Preprocessor,
    targets: Targets | None,
    *,
    without: Collection[str] = (),
) -> list[Finding]:
    """Return all findings about texts and labels, the most severe first.

    Args:
        splits: `train`, and any others by name.
        targets: `None` if the labels of train cannot be used.
        without: names in `CHECKS` to skip.
    """
    context = CheckContext(splits, preprocessor, targets)
    functions = [function for name, function in CHECKS.items() if name not in without]
    return _sorted(finding for function in functions for finding in function(context))


def summary(findings: Iterable[Finding]) -> list[str]:
    """Return one line for each of the most severe findings, without notes."""
    lines = [finding.found for finding in _sorted(findings) if finding.severity != "note"]
    if len(lines) > MOST_IN_SUMMARY:
        more = len(lines) - MOST_IN_SUMMARY
        lines[MOST_IN_SUMMARY:] = [f"{more} more warning{'s' if more > 1 else ''}: textclf check lists them all"]
    return lines


def check_config(config: str | Path, overrides: Iterable[str] = ()) -> Report:
    """Return all findings about a config and its data.

    Errors that would stop a training become findings instead of exceptions.
    """
    try:
        loaded = load_config(config, overrides)
    except ConfigError as error:
        return Report(str(config), {}, [_failure("config", line) for line in _problem_lines(error)])
    return _check_loaded(str(config), loaded)


def check_requirements(config: Config) -> None:
    """Check what a training needs beside its data, such as devices, n-grams, packages of loggers and files.

    Raises:
        ConfigError, DataError: one is missing, or cannot be used.
    """
    check_devices(config.training.devices)
    _check_processes(config)
    check_ngrams(config.model, config.preprocessing.ngrams)
    check_loggers(config.training.log_to)
    check_vector_files(config.model)
    check_pretrained_files(config.model, config.preprocessing.sequence_length)


def _check_processes(config: Config) -> None:
    if config.training.inner_folds:
        check_alone("a training with inner folds")


def check_inner_folds(config: Config, splits: Mapping[str, Dataset]) -> None:
    """Check that train and validation have enough texts for the inner folds of a config, if it has any.

    Raises:
        DataError: there are too few.
    """
    if config.training.inner_folds:
        inner_fold_numbers(splits, config.training.inner_folds, config.seed)


def _check_loaded(name: str, config: Config) -> Report:
    with _warnings_as_findings() as findings:
        _or_failure(findings, "model.vectors", check_vector_files, config.model)
        length = config.preprocessing.sequence_length
        _or_failure(findings, "model.weights", check_pretrained_files, config.model, length)
        _or_failure(findings, "training.devices", check_devices, config.training.devices)
        _or_failure(findings, "training.inner_folds", _check_processes, config)
        _or_failure(findings, "preprocessing.ngrams", check_ngrams, config.model, config.preprocessing.ngrams)
        _or_failure(findings, "training.log_to", check_loggers, config.training.log_to)
        splits, targets = read_readable_splits(
            config.data,
            config.targets,
            config.seed,
            on_error=lambda subject, error: findings.append(_failure(subject, str(error))),
        )
        unlabelled = _or_failure(findings, "data.unlabelled", read_unlabelled, config.data, splits)
    if targets:
        _or_failure(findings, "model", check_labels, config.model, targets)
    if targets and {"train", "validation"} <= splits.keys():
        _or_failure(findings, "training.inner_folds", check_inner_folds, config, splits)
    if "train" in splits:
        texts = splits["train"].texts
        texts = texts if unlabelled is None else stored_texts([texts, unlabelled])
        preprocessor = _or_failure(findings, "preprocessing", Preprocessor.fit, config.preprocessing, texts)
        if preprocessor:
            findings += find_problems(splits, preprocessor, targets)
    return Report(name, {split: _overview(dataset) for split, dataset in splits.items()}, _sorted(findings))


def _or_failure(findings: list[Finding], subject: str, function: Callable, *arguments, **options):
    """Return what a function returns, or `None` after adding its error to the findings."""
    try:
        return function(*arguments, **options)
    except TextclfError as error:
        if str(error) not in [finding.found for finding in findings]:  # network and tokenizer read the same encoder
            findings.append(_failure(subject, str(error)))
        return None


def _failure(subject: str, message: str) -> Finding:
    return Finding("error", subject, message, "")


def _problem_lines(error: ConfigError) -> list[str]:
    """Return the problems in a message of `config.problems`, one each; a message of one line is one problem."""
    first, *problems = str(error).splitlines()
    return [" ".join(problem.split()) for problem in problems[:-1]] or [first]


@contextmanager
def _warnings_as_findings() -> Iterator[list[Finding]]:
    """Within the block, turn warnings of the package into findings instead of log lines."""
    findings: list[Finding] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.WARNING:
                message = f"{record.getMessage()}."
                findings.append(Finding("warning", "data", message, "Fix the file if this is unexpected."))

    logger = logging.getLogger("textclf")
    before = logger.handlers, logger.propagate
    logger.handlers, logger.propagate = [Collect()], False
    try:
        yield findings
    finally:
        logger.handlers, logger.propagate = before


def _overview(dataset: Dataset) -> dict:
    return {"file": dataset.name, "rows": len(dataset), "labels": dict(dataset.labels.count())}


def _sorted(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))
