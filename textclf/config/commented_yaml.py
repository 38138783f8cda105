"""Lines of a YAML file: a setting, and a comment that explains its value."""

import json

from textclf.config import recipe
from textclf.config.yaml import parse_yaml

COMMENTS = 38  # column at which comments begin


def commented_line(setting: str, value: object, reason: str) -> str:
    """Return a line of a section; of a heading, whose settings follow, one without a value. A reason may be ""."""
    shown = f"  {setting}:" if value is recipe.HEADING else f"  {setting}: {yaml_text(value)}"
    return f"{shown:<{COMMENTS}}  # {reason}" if reason else shown


def yaml_text(value: object) -> str:
    """Return a value as YAML. Text gets quotes only if it would be read as something else without them."""
    if not isinstance(value, str):
        return json.dumps(value)
    document = parse_yaml(f"value: {value}  # comment")
    plain = not document.problems and document.data == {"value": value} and value.isprintable()
    return value if plain else f'"{"".join(map(_escaped, value))}"'


def _escaped(character: str) -> str:
    if character == "\t":
        return "\\t"
    return character if character.isprintable() and character not in '"\\' else f"\\U{ord(character):08x}"
