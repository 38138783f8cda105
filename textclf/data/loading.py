"""Read the splits that a config names: their labels parsed, blank texts dropped, a validation share held out."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np

from textclf.core.errors import TextclfError
from textclf.data.blank_texts import drop_blank_texts
from textclf.data.dataset import DataOptions, Dataset, parse_labels, read_sources
from textclf.data.splitting import split
from textclf.data.target_options import TargetOptions
from textclf.data.targets import Targets, separator_for
from textclf.data.unlabelled import UNLABELLED

Result = TypeVar("Result")
OnError = Callable[[str, TextclfError], None]


def read_splits(
    data: DataOptions, options: TargetOptions, seed: int, in_memory: Mapping[str, Dataset] | None = None
) -> tuple[dict[str, Dataset], Targets]:
    """Return train, validation and test as far as the settings name them, and the targets of train.

    Args:
        seed: decides which texts of train are held out, where validation is a share of train.
        in_memory: the splits as `read_dataset` returns them, in place of the files of the settings.

    Raises:
        DataError, ConfigError: a file, a label or a setting that cannot be used.
    """
    splits, targets = read_readable_splits(data, options, seed, raise_error, in_memory)
    assert targets is not None  # else there was an error
    return splits, targets


def read_readable_splits(
    data: DataOptions,
    options: TargetOptions,
    seed: int,
    on_error: OnError,
    in_memory: Mapping[str, Dataset] | None = None,
) -> tuple[dict[str, Dataset], Targets | None]:
    """Return what `read_splits` does, without the splits that cannot be used; targets are `None` without train.

    Args:
        on_error: gets the subject of every error and the error. What it does not raise leaves out a split.
    """
    splits, targets = _read(data, options, on_error, in_memory)
    train = splits.get("train")
    if train and targets and "validation" not in splits and isinstance(data.validation, float):
        sides = _attempt(on_error, "data.validation", split, train, data.validation, seed)
        if sides:
            splits["train"], splits["validation"] = sides
            labels, multilabel = sides[0].labels, targets.multilabel
            targets = _attempt(on_error, "labels", Targets.fit, labels, options, multilabel=multilabel)
    found = {name: splits.get(name) for name in ("train", "validation", "test")}
    return {name: dataset for name, dataset in found.items() if dataset}, targets


def read_labelled(data: DataOptions, options: TargetOptions) -> tuple[dict[str, Dataset], Targets]:
    """Return the splits that have files or rows of their own, nothing held out yet, and the targets of train.

    Raises:
        DataError, ConfigError: a file, a label or a setting that cannot be used.
    """
    splits, targets = _read(data, options, raise_error)
    assert targets is not None  # else there was an error
    return {name: dataset for name, dataset in splits.items() if dataset}, targets


def encode_labels(splits: dict[str, Dataset], targets: Targets) -> dict[str, np.ndarray]:
    """Return the labels of each split as numbers, see `Targets.encode`.

    Raises:
        DataError: a label that train does not have.
    """
    return {name: targets.encode(part.labels, rows=part.rows, name=part.name) for name, part in splits.items()}


def raise_error(subject: str, error: TextclfError) -> None:  # noqa: ARG001 (as every `OnError`)
    """Raise the error as it is."""
    raise error


def _read(
    data: DataOptions, options: TargetOptions, on_error: OnError, in_memory: Mapping[str, Dataset] | None = None
) -> tuple[dict[str, Dataset | None], Targets | None]:
    """Return a dataset for each split that the settings name, `None` for one that cannot be used."""
    raw: Mapping[str, Dataset | None]
    if in_memory is not None:
        raw = {name: dataset for name, dataset in in_memory.items() if name != UNLABELLED}
    else:
        sources = _attempt(on_error, "data", read_sources, data) or {}
        raw = {name: _attempt(on_error, "data", read) for name, read in sources.items()}
    train = raw.get("train")
    if not train:
        return {}, None
    separator = separator_for(train.labels, options)
    train = _attempt(on_error, "labels", parse_labels, train, separator)
    known = {*train.labels.count()} if train else frozenset()
    others = {
        name: dataset and _attempt(on_error, "labels", parse_labels, dataset, separator, known=known)
        for name, dataset in raw.items()
        if name != "train"
    }
    train = train and _attempt(on_error, "texts", drop_blank_texts, train)
    if not train:
        return {}, None
    multilabel = separator is not None
    targets = _attempt(on_error, "labels", Targets.fit, train.labels, options, multilabel=multilabel)
    return {"train": train, **others}, targets


def _attempt(on_error: OnError, subject: str, function: Callable[..., Result], *arguments, **options) -> Result | None:
    try:
        return function(*arguments, **options)
    except TextclfError as error:
        on_error(subject, error)
        return None
