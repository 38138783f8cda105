"""What is wrong with a config, in words: what was expected and what was received, all faults at once."""

from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from textclf.config.yaml import Fault, Path
from textclf.core.errors import did_you_mean
from textclf.core.formatting import escape_control, short_repr, shortened
from textclf.core.pydantic_options import Settings, fields_of, is_settings

KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text", type(None): "null"}
LIMITS = {Ge: ("ge", "of at least"), Gt: ("gt", "above"), Le: ("le", "of at most"), Lt: ("lt", "below")}
SETTINGS = "settings (name: value)"
UNKNOWN = {"extra_forbidden", "unexpected_keyword_argument"}  # pydantic's words, the second for dataclasses
MOST_FAULTS_SHOWN = 50  # more than a person mends in one go; each is one line of a message


def faults_of(error: ValidationError, model: type[Settings], places: dict[Path, str]) -> list[Fault]:
    """Pydantic's errors -> faults in our words, each with the place of its setting or of what it is missing from."""
    faults: dict[Path, Fault] = {}
    for detail in error.errors(include_url=False):
        path, siblings, field = _located(model, detail["loc"])
        place = next((places[path[:end]] for end in range(len(path), -1, -1) if path[:end] in places), "")
        # Of a value that fits none of several forms pydantic says so once for each of them.
        if path not in faults or detail["type"] == "value_error":
            faults[path] = Fault(path, place, _message(detail, siblings, field))
    # Settings in place of a plain value fit the other forms neither, but what is wrong is within them.
    return [fault for fault in faults.values() if not any(_is_within(path, fault.path) for path in faults)]


def report(source: str, faults: list[Fault]) -> str:
    """The faults as the user sees them, one a line, in the order of the file; of very many the first."""
    in_order = sorted(faults, key=lambda fault: _place_order(fault.place))
    first, rest = in_order[:MOST_FAULTS_SHOWN], in_order[MOST_FAULTS_SHOWN:]
    rows = [
        (
            shortened(escape_control(fault.place)),
            shortened(escape_control(".".join(map(str, fault.path)))),
            escape_control(fault.message),
        )
        for fault in first
    ]
    place_width, path_width = (max(len(row[column]) for row in rows) for column in (0, 1))
    return "\n".join(
        [
            f"{source}: {len(faults)} problem{'s' if len(faults) > 1 else ''}",
            *(f"  {place:<{place_width}}  {path:<{path_width}}  {message}" for place, path, message in rows),
            *([f"  … and {len(rest)} more"] if rest else []),
            "Nothing was run.",
        ]
    )


def describe(field: FieldInfo) -> str:
    """What a setting accepts: `a whole number of at least 1`."""
    kind, *null = _describe_annotation(field.annotation).split(" or null")
    return f"{kind} {_describe_limits(field.metadata)}".strip() + ", or null" * bool(null)


def settings_class(annotation: Any) -> type[Settings] | None:
    """The settings that a field holds, also where `null` is allowed instead; `None` for a plain value."""
    return next((part for part in (annotation, *get_args(annotation)) if is_settings(part)), None)


def _message(detail: Mapping[str, Any], siblings: list[str], field: FieldInfo | None) -> str:
    received = short_repr(detail["input"])
    if detail["type"] in UNKNOWN:
        return f"unknown setting{did_you_mean(detail['loc'][-1], siblings)}"
    if field is not None and detail["type"].startswith("union_tag"):
        setting, kinds = field.discriminator, kinds_of(field)
        given = detail["input"].get(setting) if isinstance(detail["input"], dict) else None
        wanted = f"expected {setting}: one of {', '.join(kinds)}"
        return f"{wanted}, received {short_repr(given)}{did_you_mean(str(given), kinds)}"
    expected = describe(field) if field else SETTINGS
    if detail["type"] == "missing":
        return f"expected {expected}, but the setting is missing"
    if detail["type"] == "value_error":  # raised by a check of ours, whose text says what was expected
        expected = str(detail["ctx"]["error"])
    forms = (field.annotation, *get_args(field.annotation)) if field else ()
    choices = [str(choice) for form in forms if get_origin(form) is Literal for choice in get_args(form)]
    if detail["input"] in choices:  # not a wrong name, but a name in place of a list
        choices = []
    return f"expected {expected}, received {received}{did_you_mean(str(detail['input']), choices)}"


def _located(model: type[Settings], location: Path) -> tuple[Path, list[str], FieldInfo | None]:
    """A pydantic location -> the path of the setting, the names beside it, and its field if there is one.

    Behind the path of a setting pydantic goes on with the forms that its value may have; no such key is in the file.
    Numbers in a list of settings are; the part by which one of several kinds of settings was chosen is not.
    """
    path: Path = ()
    siblings: list[str] = []
    field = None
    kinds: dict[str, type[Settings]] = {}
    has_forms = False
    for part in location:
        if part in kinds:
            model, kinds = kinds[part], {}
            continue
        if has_forms and model.__name__ not in str(part):  # a form that is no settings
            return path, siblings, field
        if has_forms:
            has_forms = False
            continue
        path = (*path, part)
        if isinstance(part, int):
            continue
        known = fields_of(model)
        siblings, field = list(known), known.get(part)
        kinds = kinds_of(field) if field else {}
        settings = settings_class(field.annotation) if field else None
        if field is None or settings is None:
            return path, siblings, field
        model = settings
        forms = [form for form in get_args(field.annotation) if form is not type(None)]
        has_forms = len(forms) > 1 and not kinds
    return path, siblings, field


def kinds_of(field: FieldInfo) -> dict[str, type[Settings]]:
    """The kinds of settings that a field may hold, by the name that chooses one; none where there is no choice."""
    if not field.discriminator:
        return {}
    return {fields_of(kind)[str(field.discriminator)].default: kind for kind in get_args(field.annotation)}


def _describe_limits(metadata: Iterable) -> str:
    limits = [
        (getattr(limit, LIMITS[type(limit)][0]), LIMITS[type(limit)][1]) for limit in metadata if type(limit) in LIMITS
    ]
    return " and ".join(f"{words} {value}" for value, words in limits)


def _is_within(path: Path, other: Path) -> bool:
    return len(path) > len(other) and path[: len(other)] == other


def _describe_annotation(annotation: Any) -> str:
    if annotation in KINDS:
        return KINDS[annotation]
    if get_origin(annotation) is Literal:
        names = [str(name) for name in get_args(annotation)]
        return names[0] if len(names) == 1 else f"one of {', '.join(names)}"
    if get_origin(annotation) is Annotated:
        kind, *metadata = get_args(annotation)
        return f"{_describe_annotation(kind)} {_describe_limits(metadata)}".strip()
    if get_origin(annotation) is list:
        [part] = get_args(annotation)
        element = _describe_annotation(part).removeprefix("a ")
        if get_origin(part) is Literal:
            return f"a list with any of {element.removeprefix('one of ')}, such as [{get_args(part)[0]}]"
        return f"a list of {element}" if element == SETTINGS else f"a list of {element}s"
    if get_origin(annotation) is dict:
        kind = _describe_annotation(get_args(annotation)[1])
        return f"{kind} by name" if " by name" not in kind else f"{kind.removesuffix(' by name')} by two names"
    if get_origin(annotation) in (Union, UnionType):
        return " or ".join(dict.fromkeys(_describe_annotation(part) for part in get_args(annotation)))
    return SETTINGS


def _place_order(place: str) -> tuple[int, int]:
    """Lines by number, then what `--set` says."""
    number = place.removeprefix("line ")
    return (0, int(number)) if number.isdecimal() else (1, 0)
