"""Parse YAML 1.2 and keep the line of every setting. Duplicate keys are problems, and 1e-3 is a number."""

import json
import warnings
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import ReusedAnchorWarning
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

# A config is three levels deep and has some thirty values. An alias that contains itself never ends.
DEEPEST = 20
MOST_VALUES = 10_000
MOST_DEFAULTS = 1_000  # values that the config of a run has more, because every default is filled in
MOST_BRACKETS = 500  # the time that ruamel takes grows with the square of the open ones

Path = tuple[str | int, ...]


class Problem(NamedTuple):
    """One thing that is wrong, and where: the path of the setting, and its line or the option that set it."""

    path: Path
    place: str
    message: str
    is_syntax: bool = False  # the text is no YAML, so no setting can be checked


class Document(NamedTuple):
    """Plain data, the place (`line 7`) of every path in it, and its problems."""

    data: Any
    places: dict[Path, str]
    problems: list[Problem]
    of_run: bool = False  # textclf wrote it, as the config of a run


def parse_yaml(text: str, *, of_run: bool = False) -> Document:
    """Return the data and places of a YAML text. An empty text is an empty mapping."""
    document = Document({}, {}, [], of_run)
    try:
        _check_size(text, _most_values(document))
        with warnings.catch_warnings():
            warnings.simplefilter("error", ReusedAnchorWarning)
            node = YAML(typ="safe", pure=True).compose(text)
        return document if node is None else document._replace(data=_construct(node, (), document))
    except Exception as error:  # ruamel raises other errors than its own: a broken escape is a ValueError
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else ""
        problem = str(getattr(error, "problem", None) or error).strip().partition("\n")[0].removeprefix("but ")
        document.problems.append(Problem((), place, f"expected YAML, but {problem}", is_syntax=True))
        return document


def parse_value(text: str) -> Any:
    """Return one value of the file: `0.5`, `true`, `[a, b]`. What is not YAML is text."""
    if not text.strip():
        return None
    if text.strip() in ("|", ">"):  # alone they would begin a block of text, and it is empty
        return text.strip()
    document = parse_yaml(text)
    return text if document.problems else document.data


def yaml_value(value: Any) -> str:
    """Return one value as a line of YAML, which `parse_value` reads as the same value."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else f"\\U{ord(letter):08x}" for letter in text)


def _most_values(document: Document) -> int:
    return MOST_VALUES + (MOST_DEFAULTS if document.of_run else 0)


def _check_size(text: str, most_values: int) -> None:
    """Reject at once what ruamel would need minutes to reject."""
    if sum(text.count(sign) for sign in "\n,") > most_values or sum(text.count(sign) for sign in "[{") > MOST_BRACKETS:
        raise ValueError(f"expected at most {most_values:,} lines and values and {MOST_BRACKETS} brackets")


def _construct(node: Node, path: Path, document: Document) -> Any:
    place = f"line {node.start_mark.line + 1}"
    document.places.setdefault(path, place)
    if len(path) > DEEPEST or len(document.places) > _most_values(document):
        raise ValueError(f"'{'.'.join(map(str, path[:3]))}' is nested too deeply")
    if isinstance(node, MappingNode):
        return _construct_mapping(node, path, document)
    if not isinstance(node, ScalarNode):
        return [_construct(item, (*path, index), document) for index, item in enumerate(node.value)]
    try:
        return YAML(typ="safe", pure=True).constructor.construct_object(node, deep=True)
    except Exception as error:  # an unknown tag, or a value that its tag does not fit: ruamel raises what it may
        problem = getattr(error, "problem", None) or repr(error)
        document.problems.append(Problem(path, place, f"expected a plain value, but {problem}"))
        return None


def _construct_mapping(node: MappingNode, path: Path, document: Document) -> dict:
    mapping = {}
    for key_node, value_node in node.value:
        key = str(key_node.value) if isinstance(key_node, ScalarNode) else "?"
        place = f"line {key_node.start_mark.line + 1}"
        if key in mapping:
            first = document.places[(*path, key)]
            document.problems.append(
                Problem((*path, key), place, f"expected every setting once, got it in {first} too")
            )
            continue
        document.places[(*path, key)] = place
        mapping[key] = _construct(value_node, (*path, key), document)
    return mapping
