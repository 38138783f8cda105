"""The form that all settings share: checked, frozen, and without unknown keys."""

from dataclasses import fields
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

from textclf.core.options import PlainOptions


class Options(BaseModel):
    """Settings of one part. Each field carries its default, its limits and its description.

    Error messages, `docs/configuration.md` and the JSON Schema all come from there.
    """

    # What is checked by it is only built once it is needed: a command uses few of the parts.
    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


Settings = Options | PlainOptions


def is_settings(part: object) -> bool:
    """Whether a part of an annotation stands for settings, and not for a plain value."""
    return isinstance(part, type) and issubclass(part, BaseModel | PlainOptions)


def fields_of(settings: type[Settings]) -> dict[str, FieldInfo]:
    """The settings by name, each with its default, its limits and its description."""
    if issubclass(settings, BaseModel):
        return settings.model_fields
    found: Any = fields(settings)  # type: ignore[arg-type]  # which cannot know that its subclasses are dataclasses
    return {each.name: FieldInfo.from_annotated_attribute(each.type, each) for each in found}


def ordered_fields(settings: type[Settings]) -> dict[str, FieldInfo]:
    """The same for a reader: those of the class itself before those it shares with others."""
    found = fields_of(settings)
    own = [name for name in found if name in settings.__annotations__]
    return {name: found[name] for name in dict.fromkeys([*own, *found])}
