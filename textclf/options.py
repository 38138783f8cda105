"""The form that all settings share: checked, frozen, and without unknown keys."""

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo


class Options(BaseModel):
    """Settings of one part. Each field carries its default, its limits and its description.

    Error messages, `docs/configuration.md` and the JSON Schema all come from there.
    """

    @classmethod
    def ordered_fields(cls) -> dict[str, FieldInfo]:
        """The fields for a reader: those of the class itself before those it shares with others."""
        own = [name for name in cls.model_fields if name in cls.__annotations__]
        return {name: cls.model_fields[name] for name in dict.fromkeys([*own, *cls.model_fields])}

    # What is checked by it is only built once it is needed: a command uses few of the parts.
    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
