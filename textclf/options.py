"""The form that all settings share: checked, frozen, and without unknown keys."""

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """Settings of one part. Each field carries its default, its limits and its description.

    Error messages, `docs/configuration.md` and the JSON Schema all come from there.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
