"""The values of the next trial: those of the config, the smallest ones, or what Optuna's TPE proposes.

Optuna keeps no state here. Every proposal comes from the record and a seed of its own, so a search that was interrupted
proposes what it would have proposed: Optuna's own storage does not keep the state of a sampler.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textclf.config.search_space import Choices, Range, Space
from textclf.core.errors import ConfigError, WriteError
from textclf.core.files import cannot_write, partial_prefix
from textclf.training.tuning.record import Goal, Limits, Trial

RANDOM_TRIALS = 8  # before TPE has enough to learn from
log = logging.getLogger(__name__)


def check_optuna() -> None:
    """Check that Optuna is installed.

    Raises:
        ConfigError: it is not.
    """
    from importlib.util import find_spec

    if find_spec("optuna") is None:
        raise ConfigError('textclf tune needs Optuna: pip install "textclf-keras[tune]"')


def propose(space: Space, trials: Sequence[Trial], goal: Goal, seed: int) -> dict:
    """Return the values of the trial that follows `trials`, of which the first had the config's own values.

    Args:
        trials: those that ended, and those that run, of which only the values are known.
    """
    ended = [trial for trial in trials if trial.state != "running"]
    if len(ended) == 1 and not goal.limits.kept_by(ended[0]):
        return _smallest(space)
    study = study_of(space, trials, goal, _seed(seed, len(trials)))
    asked = study.ask(_distributions(space))
    return {path: _decoded(space[path], value) for path, value in asked.params.items()}


def study_of(space: Space, trials: Sequence[Trial], goal: Goal, seed: int = 0, storage: Any = None) -> Any:
    """Return an Optuna study with all trials. Trials whose values are outside of the space are left out."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=RANDOM_TRIALS)
    direction: Any = "minimize" if goal.sign == 1 else "maximize"
    study = optuna.create_study(direction=direction, sampler=sampler, storage=storage)
    for trial in trials:
        if frozen := _frozen(space, trial, goal.limits):
            study.add_trial(frozen)
    return study


def write_study(space: Space, trials: Sequence[Trial], goal: Goal, path: Path) -> None:
    """Write the trials as a study into a new SQLite file, for `optuna-dashboard sqlite:///PATH`.

    Raises:
        WriteError: the file cannot be written.
    """
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    partial = path.with_name(f"{partial_prefix(path)}partial")
    try:
        partial.unlink(missing_ok=True)
        study_of(space, trials, goal, storage=f"sqlite:///{partial}")
        partial.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from None
    except (SQLAlchemyError, StorageInternalError) as error:
        reason = str(error).partition("\n")[0]
        raise WriteError(f"{path}: cannot be written: {reason}.") from None


def _frozen(space: Space, trial: Trial, limits: Limits) -> Any:
    from optuna.trial import TrialState, create_trial

    states = {
        "finished": TrialState.COMPLETE,
        "stopped": TrialState.PRUNED,
        "too large": TrialState.PRUNED,
        "running": TrialState.RUNNING,  # TPE takes it for a bad one ("constant liar"), and proposes something else
    }
    distributions = _distributions(space)
    parameters = {path: _encoded(space[path], value) for path, value in trial.values.items()}
    try:
        frozen = create_trial(
            state=states.get(trial.state, TrialState.FAIL),
            value=trial.score,
            params=parameters,
            distributions=distributions,
            intermediate_values=dict(enumerate(trial.curve, start=1)),
        )
    except ValueError:  # trial 0 has the config's values, which a space from the section `tuning` may leave out
        return None
    for name, excess in limits.excess(trial).items():
        frozen.set_constraint(name, excess)
    return frozen


def _distributions(space: Space) -> dict[str, Any]:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    found: dict[str, Any] = {}
    for path, dimension in space.items():
        if isinstance(dimension, Choices):
            found[path] = CategoricalDistribution([_encoded(dimension, value) for value in dimension.values])
        elif dimension.whole:
            found[path] = IntDistribution(int(dimension.low), int(dimension.high), log=dimension.log)
        else:
            found[path] = FloatDistribution(dimension.low, dimension.high, log=dimension.log)
    return found


def _encoded(dimension: Range | Choices, value: Any) -> Any:
    """Return the value in the form that Optuna accepts: choices as JSON, because a list cannot be one."""
    return json.dumps(value) if isinstance(dimension, Choices) else value


def _decoded(dimension: Range | Choices, value: Any) -> Any:
    if isinstance(dimension, Choices):
        return json.loads(value)
    return value if dimension.whole else float(f"{value:.4g}")  # so that a config shows what was trained


def _smallest(space: Space) -> dict[str, Any]:
    """Return the values of the smallest classifier: with a limit of size there should be an answer soon."""
    return {
        path: (int(dimension.low) if dimension.whole else dimension.low)
        if isinstance(dimension, Range)
        else dimension.values[0]
        for path, dimension in space.items()
    }


def _seed(seed: int, number: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}/{number}".encode()).digest()[:4], "big")
