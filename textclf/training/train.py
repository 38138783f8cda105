"""Train a classifier: from a config to a finished run, from top to bottom."""

import csv
import logging
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from textclf.config.config import Config, load_config
from textclf.config.ensemble import check_labels
from textclf.core.encoder_source import notice
from textclf.core.files import atomic_file
from textclf.core.options import fields_of
from textclf.core.run_folder import RunFolder
from textclf.core.tensorflow_import import importing_tensorflow
from textclf.data.checks import SLOW_CHECKS
from textclf.data.dataset import DataOptions, Dataset
from textclf.data.in_memory import IN_MEMORY, options_in_memory, read_tables
from textclf.data.loading import encode_labels, read_splits
from textclf.data.readers.options import ReadingOptions
from textclf.data.targets import Targets
from textclf.data.unlabelled import UNLABELLED, read_unlabelled
from textclf.evaluation.thresholds import choose_thresholds
from textclf.inference.classifier import load_classifier
from textclf.inference.classifier_files import classifier_files, write_classifier
from textclf.preprocessing.ragged import longest
from textclf.training.check import check_inner_folds, check_requirements, find_problems, summary
from textclf.training.devices import check_first
from textclf.training.encoded_dataset import EncodedTexts, TrainingTexts, encode, without_training_arrays
from textclf.training.final_metrics import HeldOut, check_against_keras, write_final_metrics
from textclf.training.fitting.task import build_task, inner_folds, refit_task
from textclf.training.locking import resumable_run
from textclf.training.log_file import collected_log
from textclf.training.loggers import LogHistory, logging_to
from textclf.training.one_at_a_time import one_at_a_time
from textclf.training.provenance import encoders_of
from textclf.training.training_run import config_name, new_run, training_run

log = logging.getLogger(__name__)


def train(
    config: str | Path | Mapping | Config, overrides: Iterable[str] = (), *, run: str | None = None, data: Any = None
) -> RunFolder:
    """Train a classifier and evaluate it. If an interrupted run has the name `run`, resume it.

    The run has no report yet: `textclf.write_report` writes it.

    Args:
        config: the path of a YAML file, a mapping of its sections, or a `Config`.
        overrides: `section.setting=value`, as after `--set`.
        run: name for the folder below `runs/`; by default the date and the name of the config.
        data: the data in memory, in place of the files of the config: a table with the columns that the config names
            (a DataFrame of pandas or Polars, a table of pyarrow or datasets, a dict of columns), or a dict of tables
            by split, "train", "validation" and "test". The table "unlabelled" has texts only.

    Returns:
        The finished run: its folder has the classifier, the metrics and the history.

    Raises:
        ConfigError, DataError: the config or the data cannot be used. Nothing was written.
        RunError: a run of that name is finished or locked, or started with another config, data or versions; or this
            process is not the first one of TF_CONFIG.
        TrainingError, WriteError: the training cannot continue. `run.json` has the reason.
        Interrupted: a signal asked the program to stop.
    """
    check_first()
    name = config_name(config)
    if data is None:
        config, in_memory = load_config(config, overrides), None
    else:
        config = load_config(config, [*overrides, f"data.train={IN_MEMORY}"])
        in_memory = read_tables(data, config.data)
        config = replace(config, data=options_in_memory(config.data, in_memory))
    return train_run(resumable_run(run, config, in_memory), config, name, run, in_memory)


@one_at_a_time()
def train_run(
    folder: RunFolder | None,
    config: Config,
    name: str = "config",
    run: str | None = None,
    in_memory: Mapping[str, Dataset] | None = None,
) -> RunFolder:
    """Train in the folder of an interrupted run, or in a new one.

    Args:
        folder: of the interrupted run; `None` makes a new one.
        name, run: names of the config and of the folder, for a new run.
        in_memory: the splits, if the config names no files.
    """
    started = time.perf_counter()
    with collected_log() as collected:
        check_requirements(config)
        splits, targets = read_splits(config.data, config.targets, config.seed, in_memory)
        check_labels(config.model, targets)
        unlabelled = read_unlabelled(config.data, splits, in_memory)
        texts = TrainingTexts(splits, encode_labels(splits, targets), unlabelled)
        check_inner_folds(config, splits)  # its error before anything is written
        folder = folder or new_run(config, f"textclf train {name}", name, run, in_memory)
        with training_run(folder, collected, started=started) as results:
            log.info("run: %s", folder.path)
            log.info("task: %s", _describe_task(config, targets))
            for encoder in encoders_of(config).values():
                log.info("encoder: %s", encoder)
            log.info("rows: %s", _describe_rows(texts))
            results.update(fit_and_evaluate(folder, config, texts, targets))
    return folder


def fit_and_evaluate(
    folder: RunFolder,
    config: Config,
    texts: TrainingTexts,
    targets: Targets,
    watch: LogHistory | None = None,
) -> dict:
    """Fit the networks, save the classifier and evaluate it. Return the results for `run.json`.

    Args:
        watch: called after each validation, as the loggers are. Its exception stops the training.
    """
    splits = texts.splits
    _write_splits(folder.splits, splits)
    encoded = encode(config, texts, folder.cache)
    for line in summary(find_problems(splits, encoded.preprocessor, targets, without=SLOW_CHECKS)):
        log.warning(line)
    _log_sizes(encoded)
    with logging_to(config.training.log_to, folder, config) as log_history:
        with importing_tensorflow():  # takes seconds, so config and data are checked before it
            # Fits each network (`fitting/fit.py`), and exports all of them as one ONNX graph.
            from textclf.training.fitting.ensemble import fit_networks
        task = build_task(config, encoded, targets)
        refit, folds = None, None
        if config.training.inner_folds:
            folds = inner_folds(config, texts, folder.cache, task)
        if config.training.refit:
            encoded = encode(config, texts, folder.cache, learned_from=("train", "validation"))
            refit = refit_task(task, encoded)
        fitted = fit_networks(config, task, folder, _both(log_history, watch), refit, folds)
        aim, probabilities = config.targets.threshold, fitted.held_out_probabilities
        decision = choose_thresholds(task.objective.decision, aim, fitted.held_out_classes, probabilities, targets)
        held_out = HeldOut(probabilities[-len(splits["validation"]) :], fitted.temperature)
        encoded = without_training_arrays(config, encoded)
        files = classifier_files(fitted.onnx_model, encoded.preprocessor, targets, decision, _input_format(config.data))
        notices = "\n".join(notice(encoder) for encoder in encoders_of(config).values())
        write_classifier(folder.classifier, files, notices)
        classifier = load_classifier(folder.classifier)
        difference = check_against_keras(classifier, encoded.splits["validation"].arrays, fitted.probabilities)
        folder.update_metadata(onnx_difference=difference)
        write_final_metrics(folder, classifier, splits, encoded.splits, held_out)
        _remove_fold_checkpoints(folder)
    return {**fitted.run_metadata, "peak_memory_mb": _peak_memory_mb()}


def _both(log_history: LogHistory, watch: LogHistory | None) -> LogHistory:
    """Return a function that calls both."""

    def log_and_watch(network: str, history: list[dict]) -> None:
        log_history(network, history)
        if watch:
            watch(network, history)

    return log_and_watch


def _write_splits(path: Path, splits: dict[str, Dataset]) -> None:
    """Write the split of each row of each file."""
    with atomic_file(path) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["split", "file", "row"])
        for name, dataset in splits.items():
            writer.writerows([name, dataset.name, row] for row in map(int, dataset.rows))


def _remove_fold_checkpoints(folder: RunFolder) -> None:
    """Remove the weights of the inner folds, which only an interrupted run needs, and keep their histories.

    `last.npz` goes first. Without it, a run that is interrupted here and resumed fits the fold again.
    """
    for path in sorted(folder.path.glob("networks/fold-*/checkpoints/*.npz"), reverse=True):
        path.unlink()


def _input_format(data: DataOptions) -> dict:
    """Return the columns and the reading options of the training file, which `evaluate` uses for other files."""
    reading = {name: getattr(data, name) for name in fields_of(ReadingOptions)}
    names = {} if data.label_names is None else {"label_names": data.label_names}
    return {"text_column": data.text_column, "label_column": data.label_column, **names, "reading": reading}


def _describe_task(config: Config, targets: Targets) -> str:
    inferred = "" if config.targets.type == targets.type else ", inferred"
    return f"{targets.type} ({len(targets.labels)} labels{inferred})"


def _describe_rows(texts: TrainingTexts) -> str:
    numbers = {split: len(dataset) for split, dataset in texts.splits.items()}
    if texts.unlabelled is not None:
        numbers[UNLABELLED] = len(texts.unlabelled)
    return ", ".join(f"{name} {number:,}" for name, number in numbers.items())


def _log_sizes(encoded: EncodedTexts) -> None:
    """Log the number of ids, and of the ids of the longest text."""
    preprocessor = encoded.preprocessor
    kinds = {"token_ids": ("vocabulary", preprocessor.num_ids), "ngram_ids": ("n-grams", preprocessor.num_ngrams)}
    for name, (kind, number) in kinds.items():
        if name in preprocessor.names:
            most = max(longest(split.arrays[name]) for split in encoded.splits.values())
            log.info("%s: %s ids, longest text %s", kind, f"{number:,}", f"{most:,}")


def _peak_memory_mb() -> int | None:
    """Return the peak resident memory of this process. Linux counts in KiB, macOS in bytes; Windows does not say."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10))
