"""The YAML contract on one page: what a config holds, how it is read, checked, overridden and written."""

import copy
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from io import StringIO
from operator import or_
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import Field, ValidationError, create_model
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from textclf.config.ensemble import MODELS
from textclf.config.problems import SETTINGS, faults_of, report
from textclf.config.removed_settings import drop_removed_settings
from textclf.config.training_options import TrainingOptions
from textclf.config.yaml import Document, Fault, parse_value, parse_yaml
from textclf.core.errors import ConfigError, did_you_mean
from textclf.core.files import atomic_file
from textclf.core.find_run import resolve_latest
from textclf.core.formatting import escape_control, short_repr
from textclf.core.pydantic_options import Options, is_settings, ordered_fields
from textclf.data.dataset import DataOptions
from textclf.data.target_options import TargetOptions
from textclf.preprocessing.options import PreprocessingOptions
from textclf.preprocessing.tokenizers import TOKENIZERS

# A second of reading, or five thousand labels with their weights.
LARGEST_CONFIG = 100_000
LONGEST_PLACE = 200  # characters of an override that a message repeats


class Config(Options):
    """Everything that decides a run. `preprocessing` and `model` depend on the tokenizer and architecture chosen."""

    seed: int = Field(42, ge=0, lt=2**32, description="Of the split, the first weights, the order and the dropout.")
    data: DataOptions = Field(description="The files of labelled texts.")
    targets: TargetOptions = Field(TargetOptions(), description="The kind of answer.")
    preprocessing: PreprocessingOptions = Field(description="From texts to token ids.")
    model: Options = Field(description="The network.")
    training: TrainingOptions = Field(TrainingOptions(), description="How it is fitted.")


class Choice(NamedTuple):
    """A section whose settings depend on one of them."""

    setting: str  # that chooses
    names: tuple[str, ...]
    default: str
    options: Callable[[str], type[Any]]  # the settings of the section when this name is chosen


CHOICES = {
    "preprocessing": Choice("tokenizer", tuple(TOKENIZERS), "word", lambda name: TOKENIZERS[name].Options),
    "model": Choice("architecture", tuple(MODELS), "lstm", MODELS.__getitem__),
}


def load_config(source: str | Path | Mapping | Config, overrides: Iterable[str] = ()) -> Config:
    """Read and check a config completely, before any data is read.

    Args:
        source: the path of a YAML file, or its content as a mapping, or a config to override.
        overrides: `section.setting=value`, the value written as in YAML.

    Raises:
        ConfigError: names every fault with its line, its path, what was expected and what was received.
    """
    document, name = _document(source)
    for override in overrides:
        _apply(override, document)
    drop_removed_settings(document)
    data, faults, chosen = document.data, document.faults, {}
    if not isinstance(data, dict):
        faults.append(Fault((), "line 1", f"expected {SETTINGS}, received {short_repr(data)}"))
    if not isinstance(data, dict) or any(fault.is_no_yaml for fault in faults):
        raise ConfigError(report(name, faults))
    data = {key: value for key, value in data.items() if value is not None}  # `training:` with nothing below it
    for section in CHOICES:
        chosen[section], data = _choose(section, data, document.places, faults)
    config_type = config_class(**chosen)
    config = None
    try:
        config = config_type.model_validate(data)
    except ValidationError as error:
        known = {fault.path for fault in faults}
        faults += [fault for fault in faults_of(error, config_type, document.places) if fault.path not in known]
    if config and config.data.label_column in config.data.text_columns:
        path = ("data", "label_column")
        faults.append(Fault(path, document.places.get(path, ""), "expected another column than text_column"))
    if config and config.data.split_column and (config.data.test or not isinstance(config.data.validation, float)):
        path = ("data", "split_column")
        message = "expected no file for validation or test beside it: the column says which rows these are"
        faults.append(Fault(path, document.places.get(path, ""), message))
    if faults or config is None:
        raise ConfigError(report(name, faults))
    return config


def config_class(preprocessing: str, model: str) -> type[Config]:
    """`Config` with the settings of the chosen tokenizer and architecture."""
    chosen = {"preprocessing": preprocessing, "model": model}
    parts = {section: CHOICES[section].options(name) for section, name in chosen.items()}
    fields: dict[str, Any] = {
        section: (part, Field(part(), description=Config.model_fields[section].description))
        for section, part in parts.items()
    }
    return create_model("Config", __base__=Config, **fields)


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


def write_config(config: Config, path: Path, command: str) -> None:
    """Write the resolved config, every default filled in: `textclf train` on it repeats the run."""
    stream = StringIO()
    yaml = YAML()
    yaml.width = sys.maxsize  # a line that is broken loses spaces
    yaml.dump(_quoted({name: _ordered(getattr(config, name)) for name in Config.model_fields}), stream)
    heading = f"# As resolved by `{escape_control(command)}`, every default filled in."
    with atomic_file(path) as written:
        written.write(f"{heading}\n{stream.getvalue()}")


def _ordered(value: Any) -> Any:
    """Settings as plain data, in the order for a reader."""
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    if not is_settings(type(value)):
        return value
    return {name: _ordered(getattr(value, name)) for name in ordered_fields(type(value))}


def _quoted(value: Any) -> Any:
    """Text with control characters in double quotes, where YAML has escapes for them."""
    if isinstance(value, dict):
        return {key: _quoted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_quoted(item) for item in value]
    return DoubleQuotedScalarString(value) if isinstance(value, str) and not value.isprintable() else value


def json_schema() -> dict:
    """The JSON Schema of a config file, for editors."""
    fields: dict[str, Any] = {
        section: (part, Field(None, description=Config.model_fields[section].description))
        for section, part in (
            (section, _union(map(choice.options, choice.names))) for section, choice in CHOICES.items()
        )
    }
    whole = create_model("Config", __base__=Config, __doc__=Config.__doc__, **fields)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "textclf config",
        **whole.model_json_schema(),
    }


def _union(classes: Iterable[type[Any]]) -> Any:
    return reduce(or_, classes)


def _document(source: str | Path | Mapping | Config) -> tuple[Document, str]:
    """Any form of a config -> its data, and the name for messages."""
    if isinstance(source, Config):
        return Document(source.model_dump(), {}, []), "config"
    if isinstance(source, Mapping):
        return Document(copy.deepcopy(dict(source)), {}, []), "config"
    try:
        text = _config_text(resolve_latest(source))
    except FileNotFoundError:
        raise ConfigError(f"{source}: expected a config file, but there is none. Check the path.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{source}: expected a YAML file in UTF-8, received other bytes.") from None
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{escape_control(str(source))}: cannot be read: {getattr(error, 'strerror', None) or error}."
        ) from None
    return parse_yaml(text), str(source)


def _config_text(path: Path) -> str:
    """The text of a config file, however large the file may be, or endless."""
    with path.open("rb") as stream:
        content = stream.read(LARGEST_CONFIG + 1)
    if len(content) > LARGEST_CONFIG:
        raise ValueError(f"expected at most {LARGEST_CONFIG:,} bytes, received more")
    return content.decode("utf-8-sig")


def _apply(override: str, document: Document) -> None:
    """Put one `section.setting=value` into the data."""
    path, equals, value = override.partition("=")
    keys = tuple(path.strip().split("."))
    place = f"--set {override[:LONGEST_PLACE]}"
    if not equals or not all(keys):
        document.faults.append(Fault((), place, "expected section.setting=value, such as training.epochs=3"))
        return
    settings = document.data
    for end, key in enumerate(keys[:-1], start=1):
        if isinstance(settings, dict):
            if settings.get(key) is None:  # a section that is not there yet, or has nothing below it
                settings[key] = {}
                document.places[keys[:end]] = place
            settings = settings[key]
        if not isinstance(settings, dict):
            document.faults.append(
                Fault(keys[:end], place, f"expected {SETTINGS} to override, received {short_repr(settings)}")
            )
            return
    if isinstance(settings, dict):
        settings[keys[-1]] = parse_value(value)
        document.places[keys] = place


def _choose(section: str, data: dict, places: dict[tuple, str], faults: list[Fault]) -> tuple[str, dict]:
    """Return the name chosen in a section, and the data; an unknown name is a problem and replaced by the default."""
    setting, names, default, _ = CHOICES[section]
    settings = data.get(section)
    if not isinstance(settings, dict) or setting not in settings:
        return default, data
    name = settings[setting]
    if isinstance(name, str) and name in names:
        return name, data
    message = f"expected one of {', '.join(names)}, received {short_repr(name)}{did_you_mean(str(name), names)}"
    faults.append(Fault((section, setting), places.get((section, setting), ""), message))
    return default, {**data, section: {**settings, setting: default}}
