"""Write a resolved config as YAML, and the JSON Schema of all configs."""

import sys
from functools import reduce
from io import StringIO
from operator import or_
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from textclf.config.config import CHOICES, Config
from textclf.core.files import atomic_file
from textclf.core.formatting import escape_control
from textclf.core.options import plain, with_types


def write_config(config: Config, path: Path, command: str) -> None:
    """Write the resolved config with every default filled in. `textclf train` on it repeats the run."""
    stream = StringIO()
    yaml = YAML()
    yaml.width = sys.maxsize  # a wrapped line loses spaces
    yaml.dump(_quoted(plain(config)), stream)
    heading = f"# As resolved by `{escape_control(command)}`, every default filled in."
    with atomic_file(path) as written:
        written.write(f"{heading}\n{stream.getvalue()}")


def _quoted(value: Any) -> Any:
    """Put text with control characters into double quotes, where YAML has escapes for them."""
    if isinstance(value, dict):
        return {_quoted(key): _quoted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_quoted(item) for item in value]
    return DoubleQuotedScalarString(value) if isinstance(value, str) and not value.isprintable() else value


def json_schema() -> dict:
    """Return the JSON Schema of a config file, for editors."""
    unions = {section: (reduce(or_, map(choice.options, choice.names)), None) for section, choice in CHOICES.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **TypeAdapter(with_types(Config, unions)).json_schema(),
        "title": "textclf config",
    }
