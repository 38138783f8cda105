"""Learning-rate range test (Smith 2017): a short training in which the learning rate grows from step to step."""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from textclf.config.config import Config, load_config
from textclf.config.ensemble import LIBLINEAR, Member, members_of
from textclf.core.errors import ConfigError, TrainingError
from textclf.core.run_folder import CACHE, RUNS
from textclf.core.tensorflow_import import importing_tensorflow
from textclf.data.loading import encode_labels, read_splits
from textclf.data.unlabelled import read_unlabelled
from textclf.training.check import check_requirements
from textclf.training.devices import check_alone
from textclf.training.encoded_dataset import TrainingTexts, encode
from textclf.training.fitting.task import Task, build_task
from textclf.training.one_at_a_time import one_at_a_time

log = logging.getLogger(__name__)
LOWEST, HIGHEST, STEPS = 1e-4, 10.0, 600  # with half the steps a cnn does not start to learn (docs/experiments.md)
SMOOTHING = 0.97  # decay of the moving average of the loss
LOST = 4.0  # times the lowest loss: the sweep stops
BELOW = 10.0  # the suggestion is the rate of the lowest loss divided by this: a whole training needs less than a sweep


class Sweep(NamedTuple):
    """The result of a range test."""

    network: str
    optimizer: str
    rates: np.ndarray  # (steps,)
    losses: np.ndarray  # smoothed, (steps,)
    suggested: float | None  # None if the loss fell up to the largest rate, or never
    own_training: bool = False  # a member of an ensemble that does not read the section `training`


@one_at_a_time()
def find_rates(config: str | Path | Mapping | Config, overrides: Iterable[str] = ()) -> list[Sweep]:
    """Run the range test for each network of a config that has a learning rate. It makes no run folder.

    Raises:
        ConfigError, DataError: the config or the data cannot be used, or no network has a learning rate.
        TrainingError: the loss is not finite from the first step on.
    """
    config = load_config(config, overrides)
    members = [one for one in members_of(config.model, config.training) if one.training.optimizer != LIBLINEAR]
    if not members:
        raise ConfigError("training.optimizer: liblinear has no learning rate to find. Choose adam or adagrad.")
    check_alone("a range test")
    check_requirements(config)
    splits, targets = read_splits(config.data, config.targets, config.seed)
    texts = TrainingTexts(splits, encode_labels(splits, targets), read_unlabelled(config.data, splits))
    task = build_task(config, encode(config, texts, RUNS / CACHE), targets)
    return [sweep(each, task)._replace(own_training=each.training is not config.training) for each in members]


def sweep(member: Member, task: Task) -> Sweep:
    """Run the range test for one network.

    Raises:
        TrainingError: the loss is not finite from the first step on.
    """
    with importing_tensorflow():
        from textclf.training.fitting.callbacks import StepLosses
        from textclf.training.fitting.compile import batches_for, compile_network
        from textclf.training.fitting.frozen import trained_part
        from textclf.training.fitting.optimizers.schedules import ExponentialGrowth
    _, model, task = trained_part(member, task, RUNS / CACHE)
    growth = ExponentialGrowth(LOWEST, HIGHEST, STEPS)
    compile_network(model, member, task, growth)
    losses = StepLosses(lambda losses: smoothed(losses)[-1] > LOST * smoothed(losses).min())
    batches = batches_for(member, task)(0)
    model.fit(batches, steps_per_epoch=STEPS, callbacks=[losses], shuffle=False, verbose=0)
    rates = LOWEST * (HIGHEST / LOWEST) ** (np.arange(len(losses.losses)) / (STEPS - 1))
    curve = smoothed(losses.losses)
    return Sweep(member.name, member.training.optimizer, rates, curve, suggested_rate(rates, curve))


def smoothed(losses: list[float]) -> np.ndarray:
    """Return the exponential moving average of the losses, bias-corrected (Kingma & Ba 2015, section 3)."""
    mean, values = 0.0, []
    for number, loss in enumerate(losses, start=1):
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
        values.append(mean / (1 - SMOOTHING**number))
    return np.array(values)


def suggested_rate(rates: np.ndarray, losses: np.ndarray) -> float | None:
    """Return a tenth of the rate with the lowest loss, rounded to one digit; `None` if the curve has no valley.

    Raises:
        TrainingError: there are no losses.
    """
    if not len(losses):
        raise TrainingError("the loss is not finite from the first step on. Inspect the texts with textclf check.")
    begun = len(losses) // 10  # before that the average has too few values
    lowest = begun + int(np.argmin(losses[begun:]))
    if lowest >= len(losses) - 1 - STEPS // 50 or losses[lowest] > 0.99 * losses[begun]:
        return None
    return float(f"{rates[lowest] / BELOW:.0e}")
