"""Settings without pydantic: what a classifier's file may hold is what pydantic would take, and nothing else."""

from dataclasses import FrozenInstanceError, asdict
from typing import Literal

import pytest
from pydantic import TypeAdapter, ValidationError

from tests.pretrained import tokenizer_options
from textclf.core.options import Options, checked, default_of, fields_of, is_required, plain, setting, with_types
from textclf.data.readers.options import ReadingOptions
from textclf.preprocessing.options import NgramOptions
from textclf.preprocessing.tokenizers import TOKENIZERS

VALUES = [
    None, True, False, 0, 1, 2, 3, 5, 8, 9, -1, 100_000, 100_001, 2**24, 10**18, 10**100, 1.0, 1.5, float("nan"), "",
    "x", "right", "left", "nfc", "1", "true", *TOKENIZERS, b"right", [], ["right"], {}, {"longest_words": 1},
    {"longest_words": 6}, {"longest_words": True}, {"words": 1}, {1: 2}, "utf8", "nope", ";", ";;", "\t", "csv",
]  # fmt: skip


class Limits(Options):
    """One of each limit, and a value that may be missing."""

    above: int = setting(default=1, gt=0, lt=9, description="Above 0 and below 9.")
    least: int | None = setting(default=None, ge=1, le=3, description="1 to 3.")
    side: Literal["a", "b"] | None = setting(default="a", description="A name.")


class Required(Options):
    """A setting without a default, a list, and settings within."""

    name: str = setting(description="Required.")
    words: list[str] = setting(default=["x"], description="A list.")
    limits: Limits = setting(default=Limits(), description="Others.")


def taken(kind, content):
    try:
        return checked(kind, content)
    except ValueError as error:
        assert 10 < len(str(error)) < 600  # noqa: PT017
        return None


def taken_by_pydantic(adapter, content):
    try:
        return adapter.validate_python(content)
    except ValidationError:
        return None


@pytest.mark.parametrize(
    "kind", [*(module.Options for module in TOKENIZERS.values()), NgramOptions, Limits, ReadingOptions]
)
def test_the_same_as_pydantic(kind):
    agreed, adapter = 0, TypeAdapter(kind)
    for name in fields_of(kind):
        for value in VALUES:
            content = {name: value}
            assert repr(taken(kind, content)) == repr(taken_by_pydantic(adapter, content)), content
            agreed += taken(kind, content) is not None
    assert agreed >= len(fields_of(kind))  # its own default at least
    for content in [None, 3, "x", [], [("side", "a")], {"no_such": 1}, {3: 1}]:
        assert taken(kind, content) is None
        assert taken_by_pydantic(adapter, content) is None


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_what_was_saved_is_read_again(tokenizer):
    options = tokenizer_options(tokenizer, vocabulary_size=7, ngrams=NgramOptions(longest_words=1))
    assert checked(type(options), asdict(options)) == options


def test_the_first_wrong_setting_is_named():
    with pytest.raises(ValueError, match="least: got 4"):
        checked(Limits, {"above": 2, "least": 4})
    with pytest.raises(ValueError, match=r"expected the settings above, least, side, got 'blow'"):
        checked(Limits, {"blow": 1.5})


def test_settings_do_not_change():
    with pytest.raises(FrozenInstanceError):
        Limits().least = 2


def test_fields_have_default_limits_and_description():
    field = fields_of(Limits)["least"]
    assert default_of(field) is None
    assert dict(field.metadata) == {"ge": 1, "le": 3, "description": "1 to 3."}
    assert not is_required(field)


def test_a_required_setting_that_is_missing_is_named():
    with pytest.raises(ValueError, match="expected the setting name, which is missing"):
        checked(Required, {"words": ["a"]})
    assert is_required(fields_of(Required)["name"])


def test_each_one_has_a_list_of_its_own_for_a_default():
    first, second = Required(name="a"), Required(name="b")
    assert first.words == second.words == ["x"]
    assert first.words is not second.words


def test_settings_as_plain_values():
    assert plain(Required(name="a", limits=Limits(least=2))) == {
        "name": "a", "words": ["x"], "limits": {"above": 1, "least": 2, "side": "a"},
    }  # fmt: skip


def test_the_schema_has_the_defaults_of_lists_and_what_a_check_takes():
    properties = TypeAdapter(Required).json_schema()["properties"]
    assert properties["words"]["default"] == ["x"]
    properties = TypeAdapter(ReadingOptions).json_schema()["properties"]
    assert (properties["encoding"]["type"], properties["encoding"]["default"]) == ("string", "utf-8")


def test_types_of_settings_may_be_narrowed():
    narrowed = with_types(Required, {"limits": (Limits | None, None)})
    assert issubclass(narrowed, Required)
    assert list(fields_of(narrowed)) == list(fields_of(Required))
    made = narrowed(name="a")
    assert (made.limits, made.words) == (None, ["x"])
    assert fields_of(narrowed)["limits"].metadata["description"] == "Others."


def test_own_fields_come_first():
    class More(Limits):
        """More."""

        last: str = setting(default="", description="Of its own.")
        least: int | None = setting(default=2, description="Another default.")

    assert list(fields_of(More)) == ["least", "last", "above", "side"]
