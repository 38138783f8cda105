"""Lines of a YAML file: a setting, and a comment that explains its value."""

from textclf.config import recipe
from textclf.config.yaml import parse_yaml, yaml_value

COMMENTS = 38  # column at which comments begin


def commented_line(setting: str, value: object, reason: str) -> str:
    """Return a line of a section; of a heading, whose settings follow, one without a value. A reason may be ""."""
    shown = f"  {setting}:" if value is recipe.HEADING else f"  {setting}: {yaml_text(value)}"
    return f"{shown:<{COMMENTS}}  # {reason}" if reason else shown


def yaml_text(value: object) -> str:
    """Return a value as YAML. Text gets quotes only if it would be read as something else without them."""
    if not isinstance(value, str):
        return yaml_value(value)
    document = parse_yaml(f"value: {value}  # comment")
    plain = not document.problems and document.data == {"value": value} and value.isprintable()
    return value if plain else yaml_value(value)
