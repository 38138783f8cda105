"""A config to begin with: it loads, it suits the file, and every setting has its reason."""

import random
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

import textclf
from tests.config.starter_texts import CHINESE, ENGLISH, loaded
from textclf.config import starter
from textclf.config.commented_yaml import yaml_text
from textclf.config.config import load_config
from textclf.config.starter import Sources, find_separator, starter_config, write_starter
from textclf.config.yaml import parse_yaml
from textclf.core.errors import ConfigError, DataError, WriteError
from textclf.data.labels import Labels
from textclf.training.check import check_config

# What it says of the data


def test_english_with_two_labels(write):
    config = loaded(starter_config(Sources(write(ENGLISH), write(ENGLISH[:10], name="b.csv"))))
    assert (config.data.train, config.data.test) == ("a.csv", "b.csv")
    assert (config.data.text_column, config.data.label_column) == ("text", "label")
    assert config.targets.type == "binary"
    assert config.preprocessing.tokenizer == "word"


def test_chinese_with_chinese_column_names(write):
    content = starter_config(write(CHINESE, ("评论", "标签")))
    config = loaded(content)
    assert (config.data.text_column, config.data.label_column) == ("评论", "标签")
    assert config.targets.type == "multiclass"
    assert config.preprocessing.tokenizer == "word"
    assert "Han" in content
    assert "'体育'" in content


@pytest.mark.parametrize(
    ("counts", "weights"), [((50, 50), None), ((59, 41), None), ((61, 39), "balanced"), ((50, 30, 20), "balanced")]
)
def test_uneven_labels_are_balanced(write, counts, weights):
    rows = [(f"some text {number}", f"label {label}") for label, count in enumerate(counts) for number in range(count)]
    assert loaded(starter_config(write(rows))).targets.class_weights == weights


@pytest.mark.parametrize("separator", ["|", ";", ", "])
def test_several_labels_a_text(write, separator):
    rows = [(f"text {number}", separator.join(["news", "sport", "art"][: 1 + number % 3])) for number in range(60)]
    config = loaded(starter_config(write([*rows, ("one", "sport"), ("two", "art"), ("three", "art")])))
    assert config.targets.type == "multilabel"
    assert config.targets.separator == separator.strip()
    assert config.targets.threshold == "f1"


def test_labels_that_hold_a_separator_are_one_label(write):
    rows = [(text, {"good": "good | very good", "poor": "bad"}[label]) for text, label in ENGLISH]
    config = loaded(starter_config(write(rows)))
    assert config.targets.type == "binary"


def test_semicolons_and_other_columns(write):
    rows = [(number, label, text) for number, (text, label) in enumerate(ENGLISH)]
    content = starter_config(write(rows, ("id", "category", "review"), delimiter=";"))
    config = loaded(content)
    assert config.data.delimiter == ";"
    assert (config.data.text_column, config.data.label_column) == ("review", "category")
    assert "not used: id" in content


def test_numbers_as_labels(write):
    config = loaded(starter_config(write([(text, int(label == "good")) for text, label in ENGLISH])))
    assert config.targets.type == "binary"


def test_a_file_that_is_not_utf_8(write):
    rows = "".join(f"{text},{label}\n" for text, label in CHINESE)
    Path("gb.csv").write_bytes(f"文本,标签\n{rows}".encode("gb18030"))
    config = loaded(starter_config("gb.csv"))
    assert config.data.encoding == "gb18030"


def test_korean_is_read_in_pieces(write):
    rows = [(f"정말 좋은 영화 {number}", "좋다") for number in range(20)] + [
        (f"별로였어요 {number}", "나쁘다") for number in range(20)
    ]
    assert loaded(starter_config(write(rows))).preprocessing.tokenizer == "byte_pair"


def test_scripts_without_spaces_are_read_in_pieces(write):
    rows = [(f"อาหารอร่อยมาก{number}", "ดี") for number in range(20)] + [
        (f"ไม่อร่อยเลย{number}", "แย่") for number in range(20)
    ]
    assert loaded(starter_config(write(rows))).preprocessing.tokenizer == "byte_pair"


@pytest.mark.parametrize(
    ("texts", "forms", "tokenizer"),
    [
        (1_000, 20_000, "byte_pair"),  # a third of 20,000 words occur once
        (1_000, 1_000, "word"),
        (900, 20_000, "word"),  # too few words to tell
    ],
)
def test_words_of_many_forms_are_read_in_pieces(write, texts, forms, tokenizer):
    """Every second word is one of many forms, the others are frequent."""
    pick = random.Random(1)
    rows = [(" ".join(f"in haus{pick.randrange(forms)}" for _ in range(10)), "gut") for _ in range(texts)]
    rows[: texts // 2] = [(text, "schlecht") for text, _ in rows[: texts // 2]]
    assert loaded(starter_config(write(rows))).preprocessing.tokenizer == tokenizer


def test_folders_need_no_columns(write, tmp_path):
    for text, label in ENGLISH:
        (tmp_path / "texts" / label).mkdir(parents=True, exist_ok=True)
        (tmp_path / "texts" / label / f"{text}.txt").write_text(text)
    content = starter_config("texts")
    assert "text_column" not in content
    assert loaded(content).data.train == "texts"


# Its form


def test_the_second_line_is_the_command_and_every_setting_has_a_reason(write):
    lines = starter_config(write(ENGLISH), name="my configs/a.yaml").splitlines()
    assert lines[0].startswith("# ")
    assert lines[1] == "#   textclf train 'my configs/a.yaml'"
    assert all("  # " in line for line in lines[3:] if line.startswith("  "))
    assert loaded("\n".join(lines)).model.architecture == "ngrams"
    assert max(map(len, lines)) <= 120


def test_the_comments_do_not_change_the_values(write):
    content = starter_config(write(ENGLISH))
    without = re.sub(r" +#.*", "", content)
    assert parse_yaml(content).data == parse_yaml(without).data == YAML(typ="safe").load(content)


@example("😀")
@given(
    st.text() | st.sampled_from(["1", "true", "null", "~", "a: b", "a #b", "#", "- a", "[a]", "'", '"', "\n", "\x85"])
)
def test_any_text_stands_in_the_config_as_it_is(value):
    for one in (value, [value, "a"]):
        assert parse_yaml(f"value: {yaml_text(one)}  # comment").data == {"value": one}


@given(
    st.lists(st.tuples(st.text(max_size=20), st.text(max_size=4)), min_size=1, max_size=12),
    st.lists(st.text(min_size=1, max_size=6), min_size=2, max_size=2, unique=True),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_table_gives_a_config_that_can_train_or_a_label_is_wrong(write, rows, header):
    try:
        content = starter_config(write([*rows, *ENGLISH], header))
    except DataError as error:
        if "expected every quote to be closed" in str(error):  # a name that is a line break looks like one
            assert {"\n", "\r"} & set("".join(header))
            return
        labels = Counter(label for _, label in rows)
        assert "is also a label" in str(error)  # noqa: PT017
        assert header[1] in labels
    else:
        loaded(content)
        assert not check_config(parse_yaml(content).data).would_fail


@pytest.mark.parametrize(
    ("labels", "separator"),
    [
        (["a", "b"], None),
        (["a|b", "a", "b"], "|"),
        (["a;b", "b;c", "a", "b", "c"], ";"),
        (["a|b", "c|d"], None),
        (["yes, of course", "no", "maybe"], None),
        (["1", "1.5", "2", "2.5", "5"], None),
        (["0", "1", "0.0", "1.0"], None),
        (["1", "1,5", "2", "2,5", "5"], None),
        (["1,0", "1,5", "2,0", "2,5", "5,0"], None),
        (["1", "1,2", "2", "2,5"], ","),
        (["1", "12", "3,12", "3"], ","),
        ([], None),
    ],
)
def test_separators(labels, separator):
    assert find_separator(Labels.of((label,) for label in labels)) == separator


def test_lists_of_labels_are_several():
    lists = Labels([("a",)], np.zeros(9, np.uint8), lists=True)  # of one label each
    found = map(find_separator, (lists, Labels.of([("a", "b"), ("a",)]), Labels.of([("a|b", "c"), ("a|b",)])))
    assert list(found) == ["|", "|", ";"]


@pytest.mark.parametrize("place", [0, 30, -1])
@pytest.mark.parametrize("rare", [["rare"], ["rare", "other"]])
def test_a_label_with_a_single_row_is_a_warning(write, caplog, place, rare):
    rows = list(ENGLISH)
    rows[place:place] = [(f"a {label} film", label) for label in rare]
    content = starter_config(write(rows))
    assert "a single row of '" in caplog.text
    assert all(f"'{label}' (row " in caplog.text for label in rare)
    report = check_config(parse_yaml(content).data)
    assert not report.would_fail
    assert {*rare} <= report.splits["train"]["labels"].keys()
    assert sum(split["rows"] for split in report.splits.values()) == len(rows)


# Writing, refusing


def test_a_name_that_is_no_text_is_refused(write):
    with pytest.raises(DataError, match=r"^b\\udcff.csv: expected a file name that a config can hold"):
        starter_config(Sources(write(ENGLISH), "b\udcff.csv"))


def test_an_existing_file_stays_as_it_is(write, tmp_path, monkeypatch):
    Path("mine.yaml").write_text("mine")
    with pytest.raises(WriteError, match=r"mine\.yaml: this file exists already"):
        write_starter("mine.yaml", write(ENGLISH))
    assert Path("mine.yaml").read_text() == "mine"
    with pytest.raises(WriteError):
        write_starter("none/mine.yaml", "a.csv")
    with monkeypatch.context() as patched:  # another program is faster
        patched.setattr(starter, "starter_config", lambda *_, **__: Path("other.yaml").write_text("mine"))
        with pytest.raises(WriteError, match=r"other\.yaml: this file exists already"):
            write_starter("other.yaml", "a.csv")
    assert Path("other.yaml").read_text() == "mine"
    Path("other.yaml").unlink()
    assert write_starter("other.yaml", "a.csv") == Path("other.yaml")
    assert load_config("other.yaml").data.train == "a.csv"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("a", "x"), ("b", "x")], "expected at least two different labels"),
        ([("a", "x"), ("b", "y")], "expected a label with at least two different texts"),
        ([("a", "x"), ("b", "x"), ("", "y"), (" ", "y")], "expected at least two different labels"),
    ],
)
def test_what_cannot_be_trained_is_refused(write, rows, message):
    with pytest.raises(DataError, match=message):
        starter_config(write(rows))


def test_a_test_file_without_the_columns_is_refused(write):
    with pytest.raises(DataError, match=r"b\.csv: expected a column 'text'"):
        starter_config(Sources(write(ENGLISH), write(ENGLISH, ("body", "label"), "b.csv")))


def test_few_labelled_texts_are_told_what_helps(write, caplog):
    caplog.set_level("INFO", "textclf")
    labelled, many = write(ENGLISH), write([("an unusual text",)], ("text",), "m.csv")
    starter_config(Sources(labelled, unlabelled=many))
    assert "--unlabelled" not in caplog.text
    starter_config(labelled)
    assert "add --unlabelled FILE if you have some" in caplog.text


def test_texts_without_labels_are_written_and_checked(write):
    labelled, many = write(ENGLISH), write([(f"an unusual text {number}",) for number in range(30)], ("text",), "m.csv")
    content = starter_config(Sources(labelled, unlabelled=many))
    assert "unlabelled: m.csv" in content
    assert "# 30 texts without labels" in content
    assert loaded(content).data.unlabelled == "m.csv"
    with pytest.raises(DataError, match=r"c\.csv: expected a column 'text'"):
        starter_config(Sources(labelled, unlabelled=write([("a",)], ("body",), "c.csv")))
    with pytest.raises(ConfigError, match="expected no encoder beside it"):
        starter_config(Sources(labelled, unlabelled=many), encoder="minilm")


@pytest.mark.parametrize("name", ["toy_en", "toy_zh", "toy_topics"])
def test_the_config_has_nothing_to_warn_of_on_toy_data(workplace, name):
    write_starter("mine.yaml", Sources(f"data/{name}/train.csv", f"data/{name}/test.csv"))
    report = check_config("mine.yaml")
    assert not report.would_fail
    assert {finding.subject for finding in report.findings if finding.severity == "warning"} <= {"unknown words"}


@pytest.mark.slow  # the README of test_docs.py trains such a config, too
def test_the_config_trains_as_it_is(workplace):
    write_starter("mine.yaml", Sources("data/toy_en/train.csv", "data/toy_en/test.csv"))
    run = textclf.train("mine.yaml", ["training.epochs=1"])
    assert run.path.name.endswith("mine")
