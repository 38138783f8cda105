"""The search space of a config: which settings a search changes, and the values that it tries.

Every part names its settings worth searching (`core/search_ranges.py`). The section `tuning` narrows or widens that.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, replace
from functools import partial
from types import UnionType
from typing import Any, NamedTuple, Union, cast, get_args, get_origin

from textclf.config.config import Config, find_problems, load_config
from textclf.config.ensemble import Options as EnsembleOptions
from textclf.config.ensemble import input_arrays
from textclf.config.problems import dotted
from textclf.config.training_options import TrainingOptions
from textclf.config.yaml import Document, Problem
from textclf.core.errors import did_you_mean
from textclf.core.formatting import short_repr
from textclf.core.options import Options, fields_of, is_settings, plain
from textclf.core.search_ranges import Between, OneOf, Tuned

SCALES = ("linear", "log")
RANGE_KEYS = ("from", "to", "scale")
EXAMPLE = "{from: 0.0001, to: 0.01, scale: log} or {choices: [32, 64]}"
# Settings of `training` that every trial has, whatever the config says.
TRIAL_TRAINING: dict[str, Any] = {"refit": False, "inner_folds": None, "log_to": []}
STRENGTH_FACTORS = (0.1, 0.3, 3, 10)  # times the one value of `inverse_regularization`, and the value itself
# Of `preprocessing`, what a network reads -> the settings that matter then.
READ_FROM = {"token_ids": ("vocabulary_size",), "ngram_ids": ("ngrams",)}


class Range(NamedTuple):
    """Numbers from `low` to `high`."""

    low: float
    high: float
    log: bool
    whole: bool

    def __str__(self) -> str:
        low, high = (f"{end:.0f}" if self.whole else f"{end:g}" for end in (self.low, self.high))
        return f"{low} to {high}{', log' if self.log else ''}"


class Choices(NamedTuple):
    """One of some values."""

    values: tuple[Any, ...]

    def __str__(self) -> str:
        return " | ".join(map(short_repr, self.values))


Space = dict[str, Range | Choices]  # by the path of the setting; members of an ensemble count from 1
Faults = Callable[[Any], list[str]]  # what is wrong with a value of one setting


def search_space(config: Config) -> Space:
    """Return the space of a config: the usual settings of its parts, as its section `tuning` changes them."""
    tuning = config.tuning
    space = _default_space(config) if tuning is None or tuning.default_space else {}
    for path, given in (tuning.settings if tuning else {}).items():
        if given is None:
            space.pop(path, None)
        else:
            field, _ = _found(config, path)
            space[path] = _given_range(field, given)
    return space


def with_values(config: Config, values: Mapping[str, Any]) -> Config:
    """Return the config with other values of some settings, and without the section `tuning`.

    Each choice of that section was tried with the values that the config has now.

    Raises:
        ConfigError: a value is not allowed.
    """
    return load_config(_content_with(replace(config, tuning=None), values))


def _content_with(config: Config, values: Mapping[str, Any]) -> dict[str, Any]:
    content = plain(config)
    for path, value in values.items():
        *parents, name = path.split(".")
        settings = content
        for part in parents:
            settings = settings[int(part) - 1] if isinstance(settings, list) else settings[part]
        settings[name] = value
    return content


def value_of(config: Config, path: str) -> Any:
    """Return the value of a setting."""
    return _found(config, path)[1]


def problems_of_space(config: Config, document: Document) -> list[Problem]:
    """Return what is wrong with the settings that the section `tuning` names.

    Args:
        document: that the config comes from, with the problems that the config has without a search.
    """
    without = replace(config, tuning=None)
    known = {(problem.path, problem.message) for problem in document.problems}

    def faults(path: str, value: Any) -> list[str]:
        """Return what is wrong with the config when one of its settings has this value."""
        found = {
            dotted(problem.path): problem.message
            for problem in find_problems(_content_with(without, {path: value}), each_alone=document.of_run)
            if (problem.path, problem.message) not in known
        }
        value = short_repr(value)
        return [text if where == path else f"with {value}: {where}: {text}" for where, text in found.items()]

    problems: list[Problem] = []
    for path, given in (config.tuning.settings if config.tuning else {}).items():
        where = ("tuning", "settings", path)
        messages = _problems(config, path, given, partial(faults, path))
        problems += [Problem(where, document.places.get(where, ""), message) for message in messages]
    return problems


def _default_space(config: Config) -> Space:
    by_size = bool(config.tuning and config.tuning.size)
    arrays = input_arrays(config.model)
    read = [name for array, names in READ_FROM.items() if array in arrays for name in names]
    space = {
        path: dimension
        for path, dimension in _ranges("preprocessing", config.preprocessing, by_size)
        if path.split(".")[1] in read
    }
    networks = _networks(config)
    for path, settings in networks:
        space |= dict(_ranges(path, settings, by_size))
    return space | _strengths(config)


def _strengths(config: Config) -> Space:
    """Return the regularization of a linear model whose config has one value of it. It chooses among several itself."""
    given = config.training.inverse_regularization
    if isinstance(config.model, EnsembleOptions) or not _chooses_itself(config.training) or len(given) > 1:
        return {}
    others = [float(f"{given[0] * factor:.4g}") for factor in STRENGTH_FACTORS]
    return {"training.inverse_regularization": Choices(tuple([value] for value in (given[0], *others)))}


def _networks(config: Config) -> Iterator[tuple[str, Options]]:
    """Yield the path and the settings of each network, and of each training of one, as far as they have an effect."""
    if not isinstance(config.model, EnsembleOptions):
        if not _chooses_itself(config.training):
            yield from (("model", config.model), ("training", config.training))
        return
    for number, member in enumerate(config.model.members, start=1):
        if not _chooses_itself(member.training or config.training):
            yield f"model.members.{number}.model", member.model
            if member.training:
                yield f"model.members.{number}.training", member.training
    if any(member.training is None for member in config.model.members) and not _chooses_itself(config.training):
        yield "training", config.training


def _chooses_itself(training: TrainingOptions) -> bool:
    """Return whether a training chooses its settings on validation by itself, and reads no others."""
    return training.optimizer == "liblinear"


def _ranges(path: str, settings: Options, by_size: bool) -> Iterator[tuple[str, Range | Choices]]:
    """Yield the usual range of each setting of a section that has one, and of the sections within it."""
    for name, field in fields_of(type(settings)).items():
        value = getattr(settings, name)
        if is_settings(type(value)):
            yield from _ranges(f"{path}.{name}", value, by_size)
        elif tuned := field.metadata.get("tuned"):
            dimension = _range(tuned, value, field, by_size)
            if dimension is not None:
                yield f"{path}.{name}", dimension


def _range(tuned: Tuned, value: Any, field: Field, by_size: bool) -> Range | Choices | None:
    if isinstance(tuned, OneOf):
        return Choices(tuple(dict.fromkeys([value, *tuned.values])))
    whole = int in _kinds(field)
    if isinstance(tuned, Between):
        return Range(min(tuned.low, value), max(tuned.high, value), log=False, whole=whole)
    if not value:  # a feature that is off stays off
        return None
    smaller = tuned.smaller if by_size and tuned.smaller else tuned.factor
    low, high = value / smaller, value * tuned.factor
    low, high = _clipped(low, field), _clipped(high, field)
    return Range(round(low), round(high), log=True, whole=True) if whole else Range(low, high, log=True, whole=False)


def _clipped(number: float, field: Field) -> float:
    """Return the number, or the limit of the setting that it is beyond. Limits that exclude themselves are far away."""
    number = max(number, field.metadata.get("ge", number))
    return min(number, field.metadata.get("le", number))


def _given_range(field: Field, given: Mapping[str, Any]) -> Range | Choices:
    if "choices" in given:
        return Choices(tuple(given["choices"]))
    return Range(given["from"], given["to"], log=given.get("scale") == "log", whole=float not in _kinds(field))


def _problems(config: Config, path: str, given: Any, faults: Faults) -> Iterator[str]:
    found = _found(config, path)
    if found is None:
        yield f"expected the path of a setting of this config{did_you_mean(path, _paths(config))}"
        return
    field, value = found
    if path.startswith(("data.", "tuning.", "seed")) or path.endswith((".architecture", ".tokenizer")):
        yield "expected a setting that a search may change; for another architecture or tokenizer, tune another config"
    elif path.endswith(tuple(f"training.{name}" for name in TRIAL_TRAINING)):
        yield "expected a setting that trials read; they have no refit, inner folds or loggers"
    elif is_settings(type(value)):
        yield "expected one setting, got a section; name a setting below it"
    elif given is None:
        return
    elif isinstance(given, dict) and set(given) == {"choices"}:
        yield from _problems_of_choices(given["choices"], faults)
    elif isinstance(given, dict) and {"from", "to"} <= set(given) <= set(RANGE_KEYS):
        yield from _problems_of_range(field, given, faults)
    else:
        yield f"expected {EXAMPLE}, got {short_repr(given)}"


def _problems_of_choices(choices: Any, faults: Faults) -> Iterator[str]:
    if not isinstance(choices, list) or len(choices) < 2:
        yield f"choices: expected a list of two or more values, got {short_repr(choices)}"
        return
    for value in choices:
        yield from (f"choices: {fault}" for fault in faults(value))


def _problems_of_range(field: Field, given: Mapping[str, Any], faults: Faults) -> Iterator[str]:
    low, high, scale = given["from"], given["to"], given.get("scale", "linear")
    if not {int, float} & set(_kinds(field)):
        yield "expected {choices: [...]}: this setting is no number"
        return
    wrong = [f"{name}: {fault}" for name, value in (("from", low), ("to", high)) for fault in faults(value)]
    yield from wrong
    if scale not in SCALES:
        yield f"scale: expected one of {', '.join(SCALES)}, got {short_repr(scale)}"
    if wrong or scale not in SCALES:
        return
    if not (isinstance(low, int | float) and isinstance(high, int | float) and low < high):
        yield f"expected from < to, got {short_repr(low)} and {short_repr(high)}"
    elif scale == "log" and low <= 0:
        yield f"from: expected a number above 0 for a logarithmic scale, got {short_repr(low)}"


def _kinds(field: Field) -> tuple[Any, ...]:
    form = field.type
    return get_args(form) if get_origin(form) in (Union, UnionType) else (form,)


def _found(config: Config, path: str) -> Any:
    """Return the field and the value of a setting, or `None` if the config has no such setting."""
    field, value = None, cast(Any, config)
    for part in path.split("."):
        if isinstance(value, list):
            value = value[int(part) - 1] if part.isdecimal() and 1 <= int(part) <= len(value) else None
            field = None
        elif is_settings(type(value)) and part in fields_of(type(value)):
            field, value = fields_of(type(value))[part], getattr(value, part)
        else:
            return None
    return (field, value) if field else None


def _paths(config: Config) -> list[str]:
    return [path for section, settings in _sections(config) for path in _paths_in(section, settings)]


def _sections(config: Config) -> Iterator[tuple[str, Options]]:
    yield from (("preprocessing", config.preprocessing), ("targets", config.targets), *_networks(config))


def _paths_in(path: str, settings: Options) -> Iterator[str]:
    for name in fields_of(type(settings)):
        value = getattr(settings, name)
        yield from _paths_in(f"{path}.{name}", value) if is_settings(type(value)) else (f"{path}.{name}",)
