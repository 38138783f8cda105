"""`textclf tune`: trials until a budget is used, then the best config trained as a normal run."""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from textclf.config.config import Config, load_config
from textclf.config.ensemble import check_labels
from textclf.config.search_space import Space, search_space
from textclf.config.tuning_options import TuningOptions
from textclf.core.errors import ConfigError, TrainingError
from textclf.core.formatting import counted
from textclf.core.run_folder import SEARCH, RunFolder
from textclf.data.loading import read_splits
from textclf.data.unlabelled import read_unlabelled
from textclf.training.check import check_inner_folds, check_requirements
from textclf.training.devices import check_alone
from textclf.training.locking import check_unchanged, interrupted_run
from textclf.training.log_file import collected_log
from textclf.training.one_at_a_time import one_at_a_time
from textclf.training.training_run import config_name, new_run, training_run
from textclf.training.tuning.best import as_time_allows, restore_search_config, train_best
from textclf.training.tuning.cluster import workers_on_cluster
from textclf.training.tuning.loggers import logging_search
from textclf.training.tuning.page import write_page
from textclf.training.tuning.record import Limits, Trial, best_trial
from textclf.training.tuning.results import SearchResults, write_trials
from textclf.training.tuning.sampler import check_optuna
from textclf.training.tuning.search import Search
from textclf.training.tuning.trials import run_trials
from textclf.training.tuning.workers import workers_here

log = logging.getLogger(__name__)
CSV = "trials.csv"


def tune(
    config: str | Path | Mapping | Config,
    overrides: Iterable[str] = (),
    *,
    run: str | None = None,
    cluster: str | None = None,
) -> RunFolder:
    """Search for better settings of a config, then train the best ones. The first trial is the config itself.

    If an interrupted search has the name `run`, go on with it.

    Args:
        config: the path of a YAML file, a mapping of its sections, or a `Config`; `tuning` says what is searched.
        overrides: `section.setting=value`, as after `--set`.
        run: name for the folder below `runs/`; by default the date, the name of the config and `-tune`.
        cluster: the address of a cluster of Ray that runs the trials: "auto", "local" or "ray://HOST:10001". All its
            nodes have textclf, and this working directory under the same path.

    Returns:
        The finished run of the best config. `trials.csv`, `best.yaml` and `search.html` are in its folder.

    Raises:
        ConfigError, DataError: the config or the data cannot be used; nothing was written then.
        TrainingError: the config itself cannot be trained, or no trial ended in time or keeps the limits.
    """
    name = config_name(config)
    config = load_config(config, overrides)
    folder = interrupted_run(run, SEARCH)
    if folder:
        restore_search_config(folder)
        check_unchanged(folder, config)
    return tune_run(folder, config, name, run, cluster)


@one_at_a_time()
def tune_run(
    folder: RunFolder | None, config: Config, name: str = "config", run: str | None = None, cluster: str | None = None
) -> RunFolder:
    """Search in the folder of an interrupted search, or in a new one.

    Args:
        name, run: names of the config and of the folder, for a new run.
        cluster: see `tune`.
    """
    started = time.perf_counter()
    with collected_log() as collected, ExitStack() as stack:
        space = _checked_space(config)
        number = (config.tuning or TuningOptions()).workers
        if cluster and number == 1:
            raise ConfigError(
                "--cluster: expected --workers above 1, because one trial at a time needs no cluster. What is tried "
                "depends on this number, and not on the machines."
            )
        workers = stack.enter_context(workers_on_cluster(cluster, number) if cluster else workers_here(number))
        folder = folder or new_run(
            config, f"textclf tune {name}", f"{name}-tune", run, search=True, threads=workers.threads
        )
        with training_run(folder, collected, started=started) as results:
            metadata = folder.read_metadata()
            # The last bit of a score may depend on the threads, so an interrupted search keeps their number.
            threads, before = metadata.get("threads"), float(metadata.get("search_seconds", 0.0))
            search = Search(folder, config, space, started, before, threads)
            folder.update_metadata(cluster=cluster)
            log.info("run: %s", folder.path)
            log.info("space: %d settings; --show-space prints them", len(space))
            with logging_search(search) as log_history:
                trials = run_trials(search, workers, log_history)
                best = _best(search, trials)
            stack.close()  # the best one gets all cores
            found = _finish(search, trials, best, results)
        write_page(found, folder)  # of a finished run: what is only shown cannot make a long search fail
    return folder


def _checked_space(config: Config) -> Space:
    """Return what a search tries. Raise now what each of its trials would raise."""
    check_optuna()
    check_alone("a search")
    check_requirements(config)
    splits, targets = read_splits(config.data, config.targets, config.seed)
    read_unlabelled(config.data, splits)
    check_labels(config.model, targets)
    check_inner_folds(config, splits)  # the best config has them
    space = search_space(config)
    if not space:
        raise ConfigError(
            "tuning.settings: expected a setting to search, but this config has none by default. Name one, such as "
            "model.contrastive_steps: {choices: [0, 20]}."
        )
    return space


def _finish(search: Search, trials: list[Trial], best: Trial, results: dict) -> SearchResults:
    """Train the best config for good, and write the table of the search."""
    log.info("best: trial %d. Training the final classifier", best.number)
    config = as_time_allows(search.config, best, search.seconds_left, search.most_seconds)
    results.update(train_best(search.folder, config, best, search.folder_of(best.number)))
    found = SearchResults(search.config, search.space, trials)
    write_trials(found, search.folder.path / CSV)
    return found


def _best(search: Search, trials: list[Trial]) -> Trial:
    best = best_trial(trials, search.goal)
    if best:
        return best
    if not trials:
        raise TrainingError(
            f"the first trial, which is the config itself, did not end in {search.options.minutes:g} minutes. Allow "
            "more minutes, or make it smaller."
        )
    raise TrainingError(none_keeps(search.goal.limits, trials))


def none_keeps(limits: Limits, trials: Sequence[Trial]) -> str:
    """Return that no trial keeps the limits, and how near the trials came to them."""
    sizes = [trial.size for trial in trials if trial.size is not None]
    latencies = [trial.latency for trial in trials if trial.latency is not None]
    nearest = [f"the smallest has {min(sizes):g} MB"] if sizes and limits.size else []
    nearest += [f"the fastest takes {min(latencies):.3g} ms for a text"] if latencies and limits.latency else []
    reached = f" ({', '.join(nearest)})" if nearest else ""
    tried = counted(len(trials), "trial")
    return f"no classifier of {tried} keeps the limits{reached}. Allow more, or name smaller values in tuning.settings."
