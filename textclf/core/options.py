"""Settings: frozen dataclasses whose fields carry default, limits and description.

Error messages, `docs/configuration.md` and the JSON Schema come from these fields. pydantic checks a config (in
`config/config.py`): it knows dataclasses, and the names of limits are its own. `checked` reads the settings in the
files of a classifier without pydantic, whose import took 0.14 s of an answer's 0.54 s (docs/performance.md).
"""

import copy
import dataclasses
import operator
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, dataclass_transform, get_args, get_origin

from textclf.core.formatting import LONGEST_SHOWN
from textclf.core.search_ranges import Tuned

Kind = TypeVar("Kind", bound="Options")
# Limit of a number -> how it is checked, and how a message writes it.
LIMITS: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
    "ge": (operator.ge, ">="),
    "gt": (operator.gt, ">"),
    "le": (operator.le, "<="),
    "lt": (operator.lt, "<"),
}


def setting(*, default: Any = MISSING, description: str, tuned: Tuned | None = None, **limits: Any) -> Any:
    """Return a field of settings.

    Args:
        default: the setting is required if there is none.
        tuned: the values that `textclf tune` tries; None: it leaves the setting alone.
        limits: of numbers `ge`, `gt`, `le`, `lt`; of texts `min_length`; in a config also `max_length` and
            `discriminator`.
    """
    metadata = {**limits, "description": description, **({"tuned": tuned} if tuned else {})}
    if not isinstance(default, list | dict):
        return dataclasses.field(default=default, metadata=metadata)
    # A dataclass refuses a list as default, and pydantic leaves the default of a factory out of the JSON Schema.
    metadata["json_schema_extra"] = {"default": plain(default)}
    return dataclasses.field(default_factory=lambda: copy.copy(default), metadata=metadata)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(setting,))
class Options:
    """The settings of one part. Every subclass becomes a frozen dataclass.

    Its constructor checks nothing: `load_config` and `checked` check what comes from outside.
    """

    __pydantic_config__ = {"extra": "forbid", "strict": True, "allow_inf_nan": False}  # noqa: RUF012 (pydantic's word)

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True, kw_only=True)(cls)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        schema = handler(source)
        # Strict for each setting; of the dataclass as a whole, strict would mean that a mapping is not accepted.
        handler.resolve_ref_schema(schema)["strict"] = False
        return schema


class Limit:
    """Limits of a part of an annotation, as those of `setting`: `list[Annotated[int, Limit(ge=1)]]`."""

    def __init__(self, **limits: float):
        self.limits = limits

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return {**handler(source), **self.limits}


@dataclass(frozen=True)
class Check:
    """A check of ours in the annotation of a setting: `Annotated[str, Check(known_encoding)]`.

    Args:
        accept: returns the value to use, or raises a ValueError that says what was expected. It receives any value.
    """

    accept: Callable[[Any], Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(self.accept, json_schema_input_schema=handler(source))


def with_types(kind: type[Kind], types: Mapping[str, tuple[Any, Any]]) -> type[Kind]:
    """Return a subclass in which some settings have another type and default; the other settings stay as they are."""
    body: dict[str, Any] = {"__annotations__": {}, "__doc__": kind.__doc__, "__module__": kind.__module__}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        body["__annotations__"][field.name], default = types.get(field.name, (field.type, field.default))
        factory = MISSING if field.name in types else field.default_factory
        body[field.name] = dataclasses.field(default=default, default_factory=factory, metadata=field.metadata)
    return type(kind.__name__, (kind,), body)


def is_settings(form: object) -> bool:
    """Return whether an annotation stands for settings, and not for a plain value."""
    return isinstance(form, type) and issubclass(form, Options)


def fields_of(settings: type[Options]) -> dict[str, Field]:
    """Return the settings by name; those of the class itself come before those it shares with others."""
    found = {each.name: each for each in dataclasses.fields(settings)}  # type: ignore[arg-type]
    own = [name for name in found if name in settings.__annotations__]
    return {name: found[name] for name in dict.fromkeys([*own, *found])}


def is_required(field: Field) -> bool:
    """Return whether a setting has no default."""
    return field.default is MISSING and field.default_factory is MISSING


def default_of(field: Field) -> Any:
    """Return the default of a setting that has one."""
    return field.default if field.default_factory is MISSING else field.default_factory()


def plain(value: Any) -> Any:
    """Return settings as mappings, lists and plain values, in the order of `fields_of`."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not is_settings(type(value)):
        return value
    return {name: plain(getattr(value, name)) for name in fields_of(type(value))}


def checked(kind: type[Kind], content: object) -> Kind:
    """Return settings out of a file that may come from anywhere.

    Stricter than pydantic, because textclf writes such files itself: 1 is no `float`, which it writes as 1.0.

    Raises:
        ValueError: the content is not such settings; the message names the first that is wrong.
    """
    known = fields_of(kind)
    if not isinstance(content, dict):
        raise ValueError(f"expected settings (name: value), got {content!r:.{LONGEST_SHOWN}}")
    for name in content.keys() - known.keys():
        raise ValueError(f"expected the settings {', '.join(known)}, got {name!r:.{LONGEST_SHOWN}}")
    if missing := [name for name, field in known.items() if name not in content and is_required(field)]:
        raise ValueError(f"expected the setting {missing[0]}, which is missing")
    return kind(**{name: _checked(known[name], value) for name, value in content.items()})


def _checked(field: Field, value: object) -> object:
    form: Any = field.type
    if is_settings(form):
        return checked(form, value)
    if get_origin(form) is Annotated and isinstance(check := get_args(form)[1], Check):
        try:
            return check.accept(value)
        except ValueError as error:
            raise ValueError(f"{field.name}: expected {error}, got {value!r:.{LONGEST_SHOWN}}") from None
    forms = get_args(form) if get_origin(form) in (Union, UnionType) else (form,)
    if not any(_is_of(value, each) for each in forms) or not (value is None or _is_within(value, field.metadata)):
        raise ValueError(f"{field.name}: got {value!r:.{LONGEST_SHOWN}}, which this setting cannot be")
    return value


def _is_of(value: object, form: Any) -> bool:
    if get_origin(form) is Literal:
        return isinstance(value, str) and value in get_args(form)
    return type(value) is form  # true is no number


def _is_within(value: Any, metadata: Mapping) -> bool:
    if isinstance(value, str) and len(value) < metadata.get("min_length", 0):
        return False
    return all(LIMITS[word][0](value, limit) for word, limit in metadata.items() if word in LIMITS)
