"""The form of settings that are needed to answer: dataclasses, which a classifier's files are read into by plain code.

In a config pydantic checks them as it checks `Options`: it knows dataclasses, and the limits are words of its own.
Importing it takes a third of the time in which a text from the shell is answered.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from types import UnionType
from typing import Any, Literal, TypeVar, Union, dataclass_transform, get_args, get_origin

Kind = TypeVar("Kind", bound="PlainOptions")
LIMITS: dict[str, Callable[[Any, Any], bool]] = {
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
    "lt": operator.lt,
}
LONGEST_SHOWN = 60


def setting(*, default: Any, description: str, **limits: float) -> Any:
    """A setting with its default, its limits (`ge`, `gt`, `le`, `lt`) and its description."""
    return field(default=default, metadata={**limits, "description": description})


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(setting,))
class PlainOptions:
    """Settings of one part, as `Options`; but to make one by hand checks nothing, a config and `checked` do."""

    __pydantic_config__ = {"extra": "forbid", "strict": True, "allow_inf_nan": False}  # noqa: RUF012 (pydantic's word)

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True, kw_only=True)(cls)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        schema = handler(source)
        # Strict are its settings; for a dataclass as a whole pydantic means by it that a mapping is none.
        handler.resolve_ref_schema(schema)["strict"] = False
        return schema


def checked(kind: type[Kind], content: object) -> Kind:
    """Settings out of a file that may come from anywhere: what pydantic would take, and nothing else.

    Raises:
        ValueError: they are not such settings; names the first that is wrong.
    """
    known = {each.name: each for each in fields(kind)}  # type: ignore[arg-type]
    if not isinstance(content, dict):
        raise ValueError(f"expected settings (name: value), received {content!r:.{LONGEST_SHOWN}}")
    for name in content.keys() - known.keys():
        raise ValueError(f"expected the settings {', '.join(known)}, received {name!r:.{LONGEST_SHOWN}}")
    return kind(**{name: _checked(known[name], value) for name, value in content.items()})


def _checked(known: Field, value: object) -> object:
    form: Any = known.type
    if isinstance(form, type) and issubclass(form, PlainOptions):
        return checked(form, value)
    forms = get_args(form) if get_origin(form) in (Union, UnionType) else (form,)
    if not any(_is_of(value, each) for each in forms) or not (value is None or _is_within(value, known.metadata)):
        raise ValueError(f"{known.name}: received {value!r:.{LONGEST_SHOWN}}, which this setting cannot be")
    return value


def _is_of(value: object, form: Any) -> bool:
    if get_origin(form) is Literal:
        return isinstance(value, str) and value in get_args(form)
    return type(value) is form  # true is no number


def _is_within(value: Any, metadata: Mapping) -> bool:
    return all(LIMITS[word](value, limit) for word, limit in metadata.items() if word in LIMITS)
