"""The YAML of configs: plain values with line numbers, and nothing of what makes YAML dangerous or surprising."""

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.config.odd_configs import DATA, YAML_TEXTS
from textclf.config.config import Config, load_config
from textclf.config.yaml import parse_value, yaml_value
from textclf.core.errors import ConfigError


def test_duplicate_section_is_refused_naming_both_lines(problems):
    text = DATA + "training: {epochs: 3}\nseed: 1\ntraining: {epochs: 4}\n"
    assert problems(text) == [("line 4", "training", "expected every setting once, got it in line 2 too")]


@pytest.mark.parametrize("value", ["1e-3", "1E-3", "0.001", "1.0e-3"])
def test_number_may_be_written_in_any_form(load, value):
    assert load(f"{DATA}training: {{learning_rate: {value}}}").training.learning_rate == 0.001


@given(st.text() | YAML_TEXTS)
@example("😀愤 \x85 \u2028 \ufeff \x7f")
def test_any_value_is_read_as_it_was_written(text):
    for value in (text, [text, 1e-07], {text: 0.5}):
        assert parse_value(yaml_value(value)) == value
    assert yaml_value(["😀愤"]) == '["😀愤"]'


@pytest.mark.parametrize("word", ["no", "yes", "on", "off", "y", "n", "NO", "1:30"])
def test_only_true_and_false_are_truth_values(load, word):
    assert load(f"data: {{train: {word}, text_column: a}}").data.train == word


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("data: [", 1),
        (DATA + "training:\n  epochs: 3\n   batch_size: 4\n", 4),
        (DATA + "training:\n\tepochs: 3\n", 3),
        (DATA + "seed: *x\n", 2),
        (DATA + "seed: 'open\n", 2),
        (DATA + "---\n" + DATA, 2),
    ],
)
def test_line_of_invalid_yaml_is_named(problems, text, line):
    places = [problem[0] for problem in problems(text) if "expected YAML" in problem[-1]]
    assert places in ([f"line {line}"], [f"line {line + 1}"])  # an open bracket is noticed where it should have closed


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n"])
def test_empty_file_misses_its_data_and_nothing_else(problems, text):
    assert problems(text) == [("data", "expected settings (name: value), but the setting is missing")]


@pytest.mark.parametrize(("text", "shown"), [("- data\n- 1\n", '["data", 1]'), ("data\n", "'data'"), ("3\n", "3")])
def test_file_that_is_no_mapping_is_refused(problems, text, shown):
    assert ("line 1", f"expected settings (name: value), got {shown}") in problems(text)


@pytest.mark.parametrize("text", ["a: &x [*x]", "a: &x {b: *x}", "&x [*x]", "data: &x {train: *x}"])
def test_alias_within_itself_is_refused(problems, text):
    assert any(problem[-1].endswith("is nested too deeply") for problem in problems(text))


def test_alias_within_itself_twice_is_refused_once(problems):
    assert len(problems(DATA + "seed: &x " + "{a: *x, b: *x}")) < 10


def test_aliases_that_multiply_are_refused(problems):
    text = "a: &a 1\n"
    for one, ten in ["ab", "bc", "cd", "de", "ef"]:
        text += f"{ten}: &{ten} [{', '.join(10 * [f'*{one}'])}]\n"
    assert any("expected YAML" in problem[-1] for problem in problems(text))


def test_alias_stands_for_what_it_names(load):
    config = load("data: {train: &file a.csv, test: *file}")
    assert config.data.test == "a.csv"


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.mkdir [made]",
        "!!python/object/apply:os.mkdir {args: [made]}",
        "!!python/name:os.system ''",
        "!x 1",
    ],
)
def test_tags_make_no_objects(problems, here, value):
    assert problems(f"{DATA}seed: {value}")[0][:2] == ("line 2", "seed")
    assert not list(here.iterdir())


@pytest.mark.parametrize(
    "value", ["!!int x", "!!int ''", "!!float ''", "!!bool x", "2001-99-99", "!!binary x", "=", "1" * 5000, "0x_"]
)
def test_value_that_is_none_of_its_kind_is_a_problem(problems, value):
    assert problems(f"{DATA}seed: {value}")[0][:2] == ("line 2", "seed")


@pytest.mark.parametrize("value", [r'"\UFFFFFFFF"', r'"\U00FFFFFF"', r'"\x"', "\x07", "[" * 1000, "{a: " * 1000])
def test_text_that_is_no_yaml_is_a_problem(problems, value):
    assert problems(f"{DATA}seed: {value}")


@settings(deadline=None)
@given(text=YAML_TEXTS | st.text())
@example("? [a]\n: 1\n")
@example("~: 1")
@example("<<: {a: 1}")
def test_any_text_is_a_config_or_a_config_error(path, text):
    path.write_text(text, encoding="utf-8", newline="")
    with suppress(ConfigError):
        assert isinstance(load_config(path), Config)
