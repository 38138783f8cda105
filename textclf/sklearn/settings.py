"""Settings of a config as parameters of an estimator: `training__epochs` is `epochs` in the section `training`."""

import copy
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_args, get_origin

import numpy as np

from textclf.config.config import CHOICES, Config, load_config
from textclf.core.errors import did_you_mean
from textclf.core.options import fields_of, is_settings, plain
from textclf.data.in_memory import IN_MEMORY

SECTIONS = ("targets", "preprocessing", "model", "training")
SEPARATOR = "__"


def check_setting(name: str, owner: str) -> None:
    """Check that a parameter is a setting of some config.

    Args:
        owner: the class of the estimator, for the message.

    Raises:
        ValueError: it is not.
    """
    section, *path = name.split(SEPARATOR)
    if section == "data" and path:
        raise ValueError(f"{owner} has no parameter {name!r}: its data are those of fit(X, y).")
    kinds, is_list = _kinds_of(section), False
    for place, part in enumerate(path):
        whole = SEPARATOR.join([section, *path[:place]])
        if is_list and not part.isdecimal():
            raise ValueError(f"{owner} has no parameter {name!r}: {whole} counts from 1, as in {whole}{SEPARATOR}1.")
        if is_list:
            is_list = False
            continue
        known = {name: field for kind in kinds for name, field in fields_of(kind).items()}
        if part not in known:
            meant = did_you_mean(part, known, otherwise="")
            raise ValueError(f"{owner} has no parameter {name!r}: {whole} has no setting {part!r}{meant or '.'}")
        forms = [fields_of(kind)[part].type for kind in kinds if part in fields_of(kind)]
        kinds = [inner for form in forms for inner in _settings_in(form)]
        is_list = bool(kinds) and any(get_origin(form) is list for form in forms)
    if not path or not _kinds_of(section):
        raise ValueError(
            f"{owner} has no parameter {name!r}. Settings of a config are written section__setting, such as "
            f"training__epochs; the sections are {', '.join(SECTIONS)}."
        )


def base_settings(config: object) -> dict[str, Any]:
    """Return the settings of a config in any form, every default filled in.

    Raises:
        ConfigError: the config cannot be used.
    """
    return plain(load_config(config, [f"data.train={IN_MEMORY}"]))  # type: ignore[arg-type]


def with_parameters(settings: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings in which parameters such as `training__epochs` have replaced some.

    Another architecture or tokenizer keeps only the settings that it has.
    """
    changed = copy.deepcopy(dict(settings))
    for section, choice in CHOICES.items():
        chosen = _plain(parameters.get(SEPARATOR.join((section, choice.setting))))
        before = changed.get(section) or {}
        if chosen in choice.names and chosen != before.get(choice.setting, choice.default):
            kept = fields_of(choice.options(chosen))
            changed[section] = {name: value for name, value in before.items() if name in kept}
    for name in sorted(parameters, key=lambda name: name.count(SEPARATOR)):  # a section before what is in it
        _put(changed, name.split(SEPARATOR), _plain(parameters[name]))
    return changed


def config_of(settings: Mapping[str, Any]) -> Config:
    """Return the checked config of settings whose data are in memory.

    Raises:
        ConfigError: lists all that is wrong.
    """
    return load_config({**settings, "data": {**(settings.get("data") or {}), "train": IN_MEMORY}})


def as_number(name: str, value: Any) -> float:
    """Return the value of a parameter as a number.

    Raises:
        ValueError: it is none.
    """
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name}: expected a number, got {value!r}.") from None


@cache
def _kinds_of(section: str) -> list[Any]:
    """Return the settings that a section may have: one class, or one for each tokenizer or architecture."""
    if section in CHOICES:
        return [CHOICES[section].options(name) for name in CHOICES[section].names]
    return [fields_of(Config)[section].type] if section in SECTIONS else []


def _settings_in(form: Any) -> Iterator[Any]:
    """Yield the classes of settings in an annotation such as `list[MemberOptions] | None`."""
    if is_settings(form):
        yield form
    for part in get_args(form):
        yield from _settings_in(part)


def _put(settings: Any, path: list[str], value: Any) -> None:
    """Put a value where a path leads. A plain value on the way, such as `targets.threshold: f1`, becomes settings."""
    for place, part in enumerate(path):
        key: Any = part
        if isinstance(settings, list):
            key = int(part) - 1
            if not 0 <= key < len(settings):
                raise ValueError(f"{SEPARATOR.join(path)}: {'.'.join(path[:place])} has {len(settings)} members.")
        elif not isinstance(settings.get(part), dict | list):
            settings[part] = {}
        if place == len(path) - 1:
            settings[key] = value
        settings = settings[key]


def _plain(value: Any) -> Any:
    """Return a value as YAML has it: a grid of NumPy has its own numbers."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    return value
