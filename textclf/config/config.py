"""The YAML config: what it holds, and how it is loaded, checked and overridden."""

import copy
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from textclf.config.ensemble import MODELS, frozen_problems, linear_problems
from textclf.config.part_defaults import part_contradictions, with_part_defaults
from textclf.config.problems import SETTINGS, format_problems, problems_of
from textclf.config.removed_settings import drop_removed_settings
from textclf.config.training_options import TrainingOptions
from textclf.config.tuning_options import TuningOptions
from textclf.config.yaml import Document, Problem, parse_value, parse_yaml
from textclf.core.compression import without_compression
from textclf.core.errors import ConfigError, did_you_mean
from textclf.core.files import expand_home
from textclf.core.find_run import resolve_latest
from textclf.core.formatting import escape_control, short_repr
from textclf.core.options import Options, plain, setting, with_types
from textclf.data.dataset import DataOptions
from textclf.data.label_lists import fault_of_names
from textclf.data.readers import ENDINGS
from textclf.data.target_options import TargetOptions
from textclf.preprocessing.options import PreprocessingOptions
from textclf.preprocessing.tokenizers import TOKENIZERS

# Bytes. ruamel reads as many in a second; five thousand labels with their weights fit.
LARGEST_CONFIG = 100_000
LARGEST_RUN_CONFIG = 3 * LARGEST_CONFIG  # every item of a list has its own line
DATA_ENDINGS = {*ENDINGS} - {".json", ".txt"}  # a config can have these two
LONGEST_PLACE = 200  # characters of an override that a message repeats


class Config(Options):
    """All settings of a run. `preprocessing` and `model` depend on the tokenizer and architecture chosen."""

    seed: int = setting(
        default=42,
        ge=0,
        lt=2**32,
        description="Seed of the split, the initial weights, the order of the texts and dropout.",
    )
    data: DataOptions = setting(description="Files of labelled texts, and how to read them.")
    targets: TargetOptions = setting(
        default=TargetOptions(), description="Labels: their type, class weights and thresholds."
    )
    preprocessing: PreprocessingOptions = setting(description="From texts to token ids and n-grams.")
    model: Options = setting(description="The network.")
    training: TrainingOptions = setting(default=TrainingOptions(), description="How the network is trained.")
    tuning: TuningOptions | None = setting(default=None, description="Search space and budget of `textclf tune`.")


class Choice(NamedTuple):
    """A section whose settings depend on one of them."""

    setting: str  # that chooses
    names: tuple[str, ...]
    default: str
    options: Callable[[str], type[Any]]  # the settings of the section when this name is chosen


FILES = ("train", "validation", "test", "unlabelled")
CHOICES = {
    "preprocessing": Choice("tokenizer", tuple(TOKENIZERS), "word", lambda name: TOKENIZERS[name].Options),
    "model": Choice("architecture", tuple(MODELS), "lstm", MODELS.__getitem__),
}


def load_config(
    source: str | Path | Mapping | Config, overrides: Iterable[str] = (), *, of_run: bool = False
) -> Config:
    """Load and check a config completely, before any data is read.

    Args:
        source: the path of a YAML file, its content as a mapping, or a config to override.
        overrides: `section.setting=value`, the value written as in YAML.
        of_run: whether textclf wrote the file as the config of a run. It may be larger, and it is no problem if one of
            its settings rules out what a search may choose: older versions wrote that.

    Raises:
        ConfigError: lists all problems, each with its line, the setting, what was expected and what was given.
    """
    if isinstance(overrides, str):  # else each of its letters would be one
        raise ConfigError(f"overrides: expected a list of strings, got one string: [{short_repr(overrides)}]")
    document, name = _document(source, of_run)
    for override in overrides:
        _apply(override, document)
    config = _config_of(document)
    if config is None or document.problems:
        raise ConfigError(format_problems(name, document.problems), multiline=True)
    return config


def find_problems(content: Mapping, *, each_alone: bool = False) -> list[Problem]:
    """Return what is wrong with the content of a config.

    Args:
        each_alone: leave out that one setting rules out another.
    """
    document, _ = _document(content)
    config = _config_of(document)
    return [] if each_alone and config else document.problems


def _config_of(document: Document) -> Config | None:
    """Return the config of a document if it has one. Add what is wrong to the document's problems."""
    drop_removed_settings(document)
    _expand_homes(document.data)
    return _validate(document)


def _expand_homes(data: Any) -> None:
    """Replace `~` at the beginning of the paths in the data of a document, which may be anything."""
    model = _section(data, "model")
    members = model.get("members")
    networks = [model, *(_section(member, "model") for member in (members if isinstance(members, list) else []))]
    for section, names in [
        (_section(data, "data"), FILES),
        *((_section(one, "vectors"), ["file"]) for one in networks),
    ]:
        for name in names:
            value = section.get(name)
            if isinstance(value, str):
                section[name] = expand_home(value)
            elif isinstance(value, list):
                section[name] = [expand_home(item) if isinstance(item, str) else item for item in value]


def _section(settings: Any, name: str) -> dict:
    section = settings.get(name) if isinstance(settings, dict) else None
    return section if isinstance(section, dict) else {}


def _validate(document: Document) -> Config | None:
    data, problems = document.data, document.problems
    if not isinstance(data, dict):
        problems.append(Problem((), "line 1", f"expected {SETTINGS}, got {short_repr(data)}"))
    if not isinstance(data, dict) or any(problem.is_syntax for problem in problems):
        return None
    data = {key: value for key, value in data.items() if value is not None}  # `training:` with nothing below it
    data = with_part_defaults(data)
    chosen = {}
    for section in CHOICES:
        chosen[section], data = _choose(section, data, document)
    config_type: Any = config_class(**chosen)
    try:
        config = _adapter(config_type).validate_python(data)
    except ValidationError as error:
        known = {problem.path for problem in problems}
        problems += [found for found in problems_of(error, config_type, document.places) if found.path not in known]
        return None
    linear = linear_problems(config.model, config.training, config.targets)
    frozen = frozen_problems(config.model, config.training, config.targets)
    others = (*linear, *frozen, *part_contradictions(config))
    for path, message in (*_contradictions(config.data, config.targets, config.training), *others):
        problems.append(Problem(path, document.places.get(path, ""), message))
    if config.tuning and config.tuning.settings:
        from textclf.config.search_space import problems_of_space  # it needs what this module defines

        problems += problems_of_space(config, document)
    return config


def _contradictions(
    data: DataOptions, targets: TargetOptions, training: TrainingOptions
) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the path and the message for each setting that another one rules out."""
    if not set(data.label_columns).isdisjoint(data.text_columns):
        yield ("data", "label_column"), "expected another column than text_column"
    names = {
        "label_names": data.label_names,
        "label_column": data.label_columns if len(data.label_columns) > 1 else None,
    }
    for setting_name, found in names.items():
        if found is not None and (fault := fault_of_names(found, targets.separator)):
            yield ("data", setting_name), fault
    if data.split_column and (data.test or not isinstance(data.validation, float)):
        message = "expected no file for validation or test beside it: the column says which rows these are"
        yield ("data", "split_column"), message
    if training.inner_folds and not training.refit:
        message = "expected true with inner_folds, whose networks only choose settings (or set inner_folds to null)"
        yield ("training", "refit"), message


@cache
def config_class(preprocessing: str, model: str) -> type[Config]:
    """Return `Config` with the settings of a tokenizer and an architecture."""
    chosen = {"preprocessing": preprocessing, "model": model}
    parts = {section: CHOICES[section].options(name) for section, name in chosen.items()}
    return with_types(Config, {section: (part, part()) for section, part in parts.items()})


@cache
def _adapter(kind: Any) -> TypeAdapter:
    return TypeAdapter(kind)


def flatten(settings: Mapping, prefix: str = "") -> dict[str, Any]:
    """Return nested settings as one dict: `{"training": {"epochs": 10}}` becomes `{"training.epochs": 10}`.

    The members of a list of sections are counted from 1: `model.members.2.architecture`.
    """
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        is_list = isinstance(value, list) and any(isinstance(member, Mapping) for member in value)
        inner = dict(enumerate(value, start=1)) if is_list else value
        path = f"{prefix}{name}"
        flat |= flatten(inner, f"{path}.") if isinstance(inner, Mapping) else {path: value}
    return flat


def _document(source: str | Path | Mapping | Config, of_run: bool = False) -> tuple[Document, str]:
    """Return the data of a config in any form, and its name for messages."""
    if isinstance(source, Config):
        return Document(copy.deepcopy(plain(source)), {}, []), "config"
    if isinstance(source, Mapping):
        return Document(copy.deepcopy(dict(source)), {}, []), "config"
    try:
        path = Path(expand_home(str(source)))
        path = resolve_latest(path) if len(path.parts) > 1 else path  # `latest` alone may be a file
        text = _config_text(path, LARGEST_RUN_CONFIG if of_run else LARGEST_CONFIG)
    except FileNotFoundError:
        raise ConfigError(f"{source}: expected a config file, but there is none. Check the path.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{source}: expected a YAML file in UTF-8, got other bytes.") from None
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{escape_control(str(source))}: cannot be read: {getattr(error, 'strerror', None) or error}."
        ) from None
    return parse_yaml(text, of_run=of_run), str(source)


def _config_text(path: Path, most: int) -> str:
    """Return the text of a config file. The file may be huge, or endless."""
    with path.open("rb") as stream:
        content = stream.read(most + 1)
    if Path(without_compression(path.name)).suffix.lower() in DATA_ENDINGS:
        raise ConfigError(
            f"{path}: expected a config, got a file of texts. Write a config for it: textclf new mine.yaml --data "
            f"{shlex.quote(str(path))}"
        )
    if len(content) > most:
        raise ValueError(f"expected at most {most:,} bytes, got more")
    return content.decode("utf-8-sig")


def _apply(override: str, document: Document) -> None:
    """Put one `section.setting=value` into the data of a document."""
    path, equals, value = override.partition("=")
    keys = tuple(path.strip().split("."))
    place = f"--set {override[:LONGEST_PLACE]}"
    if not equals or not all(keys):
        document.problems.append(Problem((), place, "expected section.setting=value, such as training.epochs=3"))
        return
    settings = document.data
    for end, key in enumerate(keys[:-1], start=1):
        if isinstance(settings, dict):
            if settings.get(key) is None:  # a section that is not there yet, or has nothing below it
                settings[key] = {}
                document.places[keys[:end]] = place
            settings = settings[key]
        if not isinstance(settings, dict):
            document.problems.append(
                Problem(keys[:end], place, f"expected {SETTINGS} to override, got {short_repr(settings)}")
            )
            return
    if isinstance(settings, dict):
        settings[keys[-1]] = parse_value(value)
        for inner in [known for known in document.places if known[: len(keys)] == keys]:
            del document.places[inner]  # the lines of what was there
        document.places[keys] = place


def _choose(section: str, data: dict, document: Document) -> tuple[str, dict]:
    """Return the name chosen in a section, and the data. An unknown name is a problem; the default takes its place."""
    setting, names, default, _ = CHOICES[section]
    settings = data.get(section)
    if not isinstance(settings, dict) or setting not in settings:
        return default, data
    name = settings[setting]
    if isinstance(name, str) and name in names:
        return name, data
    message = f"expected one of {', '.join(names)}, got {short_repr(name)}{did_you_mean(str(name), names)}"
    document.problems.append(Problem((section, setting), document.places.get((section, setting), ""), message))
    return default, {**data, section: {**settings, setting: default}}
