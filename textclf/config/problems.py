"""Problems of a config in words: the setting, what was expected and what was given, all problems at once."""

from collections.abc import Iterable, Mapping
from dataclasses import Field
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import ValidationError

from textclf.config.yaml import Path, Problem
from textclf.core.errors import did_you_mean
from textclf.core.formatting import counted, escape_control, short_repr, shortened
from textclf.core.options import LIMITS, Limit, Options, default_of, fields_of, is_settings

KINDS = {int: "an integer", float: "a number", bool: "true or false", str: "text", type(None): "null"}
PLURALS = {int: "integers", float: "numbers", str: "texts"}
SETTINGS = "settings (name: value)"
MOST_SHOWN = 50  # problems, one a line; nobody fixes more at once


def problems_of(error: ValidationError, settings: type[Options], places: dict[Path, str]) -> list[Problem]:
    """Return pydantic's errors as problems, each with the place of its setting or of the section that lacks it."""
    problems: dict[Path, Problem] = {}
    for detail in error.errors(include_url=False):
        location = detail["loc"]
        if detail["type"] == "invalid_key":  # no text, which only a mapping of Python can have
            location = (*location[:-1], str(location[-1]))
        path, siblings, field = _locate(settings, location)
        if field and isinstance(location[-1], int) and not isinstance(path[-1], int) and _item_of(field.type):
            path = (*path, location[-1])
        place = next((places[path[:end]] for end in range(len(path), -1, -1) if path[:end] in places), "")
        # If a setting has several forms, pydantic has an error for each of them.
        if path not in problems or detail["type"] == "value_error":
            problems[path] = Problem(path, place, _message(detail, siblings, field))
    # Where settings stand in place of a plain value, the problem is within them, not that they are no plain value.
    return [problem for problem in problems.values() if not any(_is_within(path, problem.path) for path in problems)]


def format_problems(source: str, problems: list[Problem]) -> str:
    """Return the message of a ConfigError: one problem a line, in the order of the file, the first `MOST_SHOWN`."""
    in_order = sorted(problems, key=lambda problem: _place_order(problem.place))
    first, rest = in_order[:MOST_SHOWN], in_order[MOST_SHOWN:]
    rows = [
        (
            shortened(escape_control(problem.place)),
            shortened(escape_control(dotted(problem.path))),
            escape_control(problem.message),
        )
        for problem in first
    ]
    place_width, path_width = (max(len(row[column]) for row in rows) for column in (0, 1))
    return "\n".join(
        [
            f"{source}: {counted(len(problems), 'problem')}",
            *(f"  {place:<{place_width}}  {path:<{path_width}}  {message}" for place, path, message in rows),
            *([f"  … and {len(rest)} more"] if rest else []),
            "Nothing was run.",
        ]
    )


def dotted(path: Path) -> str:
    """Return the path of a setting as one text; the members of a list count from 1."""
    return ".".join(str(part + 1 if isinstance(part, int) else part) for part in path)


def describe(field: Field) -> str:
    """Return what a setting accepts: `an integer >= 1`."""
    kind, *null = _describe_form(field.type, field.metadata).split(" or null")
    limits = {name: limit for name, limit in field.metadata.items() if name in LIMITS}
    return f"{kind} {_describe_limits(limits)}".strip() + ", or null" * bool(null)


def settings_in(form: Any) -> type[Options] | None:
    """Return the settings that a field of this type holds, also if `null` or a plain value may stand there instead."""
    return next((part for part in (form, *get_args(form)) if is_settings(part)), None)


def _message(detail: Mapping[str, Any], siblings: list[str], field: Field | None) -> str:
    if detail["type"] in ("unexpected_keyword_argument", "invalid_key"):
        return f"unknown setting{did_you_mean(detail['loc'][-1], siblings)}"
    if field is not None and detail["type"].startswith("union_tag"):
        kinds = _kinds_of(field)
        given = detail["input"].get(field.metadata["discriminator"]) if isinstance(detail["input"], dict) else None
        wanted = f"expected {field.metadata['discriminator']}: one of {', '.join(kinds)}"
        return f"{wanted}, got {short_repr(given)}{did_you_mean(str(given), kinds)}"
    expected = describe(field) if field else SETTINGS
    if field and isinstance(detail["loc"][-1], int) and (item := _item_of(field.type)):
        expected = _describe_form(item)
    if detail["type"] == "missing":
        return f"expected {expected}, but the setting is missing"
    if detail["type"] == "value_error":  # from a `Check`, whose error says what was expected
        expected = str(detail["ctx"]["error"])
    forms = (field.type, *get_args(field.type)) if field else ()
    choices = [str(choice) for form in forms if get_origin(form) is Literal for choice in get_args(form)]
    if detail["input"] in choices:  # not a wrong name, but a name in place of a list
        choices = []
    return f"expected {expected}, got {short_repr(detail['input'])}{did_you_mean(str(detail['input']), choices)}"


def _locate(settings: type[Options], location: Path) -> tuple[Path, list[str], Field | None]:
    """Return the path of the setting that pydantic's location means, the names beside it, and its field if it exists.

    Where a setting has several forms, the location goes on with the name of one. No such key is in the file.
    """
    path: Path = ()
    siblings: list[str] = []
    field = None
    forms: dict[str, type[Options]] = {}  # those of the last setting, if it has several
    for part in location:
        if forms:
            if part not in forms:  # a form that is no settings
                break
            settings, forms = forms[str(part)], {}
            continue
        path = (*path, part)
        if isinstance(part, int):
            continue
        known = fields_of(settings)
        siblings, field = list(known), known.get(part)
        inner = settings_in(field.type) if field else None
        if field is None or inner is None:
            break
        forms, settings = _kinds_of(field), inner
        if not forms and len([form for form in get_args(field.type) if form is not type(None)]) > 1:
            forms = {inner.__name__: inner}
    return path, siblings, field


def _kinds_of(field: Field) -> dict[str, type[Options]]:
    """Return the kinds of settings that a field may hold, by the name that chooses one; empty if there is no choice."""
    name = field.metadata.get("discriminator")
    return {default_of(fields_of(kind)[name]): kind for kind in get_args(field.type)} if name else {}


def _item_of(form: Any) -> Any:
    """Return what the list holds that a field of this type may be. Of a list of names, the whole list is described."""
    parts = [get_args(part)[0] if get_origin(part) is Annotated else part for part in (form, *get_args(form))]
    item = next((get_args(part)[0] for part in parts if get_origin(part) is list), None)
    return None if get_origin(item) is Literal else item


def _describe_limits(limits: Mapping[str, Any]) -> str:
    return " and ".join(f"{LIMITS[name][1]} {limit}" for name, limit in limits.items())


def _is_within(path: Path, other: Path) -> bool:
    return len(path) > len(other) and path[: len(other)] == other


def _describe_form(form: Any, limits: Mapping[str, Any] = {}) -> str:
    """Describe a type; of the limits, only those of a length."""
    if form is str and limits.get("min_length"):
        return "text that is not empty"
    if form in KINDS:
        return KINDS[form]
    origin, parts = get_origin(form), get_args(form)
    if origin is Literal:
        return str(parts[0]) if len(parts) == 1 else f"one of {', '.join(map(str, parts))}"
    if origin is Annotated:
        within = _limits_of(parts[1:])
        numbers = {name: limit for name, limit in within.items() if name in LIMITS}
        return f"{_describe_form(parts[0], within)} {_describe_limits(numbers)}".strip()
    if origin is list:
        return _describe_list(parts[0], limits)
    if origin is dict:
        kind = _describe_form(parts[1])
        return f"{kind} by name" if " by name" not in kind else f"{kind.removesuffix(' by name')} by two names"
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(_describe_form(part, limits) for part in parts))
    return SETTINGS


def _describe_list(part: Any, lengths: Mapping[str, Any]) -> str:
    if get_origin(part) is Literal:
        return f"a list with any of {', '.join(get_args(part))}, such as [{get_args(part)[0]}]"
    kind, limits = (get_args(part)[0], get_args(part)[1:]) if get_origin(part) is Annotated else (part, ())
    fewest, most = lengths.get("min_length"), lengths.get("max_length")
    count = f"{fewest} to {most} " if most else f"{fewest} or more " if fewest else ""
    return f"a list of {count}{PLURALS.get(kind, SETTINGS)} {_describe_limits(_limits_of(limits))}".strip()


def _limits_of(metadata: Iterable) -> dict[str, Any]:
    """Return the limits in the metadata of an annotation."""
    return {name: value for limit in metadata if isinstance(limit, Limit) for name, value in limit.limits.items()}


def _place_order(place: str) -> tuple[int, int]:
    """Sort lines by number, before `--set`."""
    number = place.removeprefix("line ")
    return (0, int(number)) if number.isdecimal() else (1, 0)
