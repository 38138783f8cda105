"""The report before a training: nothing is raised, and what would stop a training is an error in it."""

import json
import logging
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hand_made import EVEN, ONE_LABEL, distinct, subjects
from textclf.config.config import load_config
from textclf.core.errors import TextclfError
from textclf.data.loading import read_splits
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.training.check import Report, check_config


@pytest.fixture
def write(here):
    """Write files into a working directory of their own."""

    def write_files(**files):
        for name, rows in files.items():
            lines = [json.dumps({"text": text, "label": label}) for text, label in rows]
            Path(f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
        data = {name: f"{name}.jsonl" for name in files}
        return {"data": data}

    return write_files


def errors(report):
    return [finding.found for finding in report.findings if finding.severity == "error"]


def test_sound_data_would_train(workplace):
    report = check_config("configs/toy_en.yaml")
    assert not report.would_fail
    assert errors(report) == []
    assert report.config == "configs/toy_en.yaml"
    assert {name: split["rows"] for name, split in report.splits.items()} == {
        "train": 374,
        "validation": 66,
        "test": 120,
    }
    assert report.splits["test"]["labels"] == {"negative": 60, "positive": 60}
    assert {"labels", "lengths", "scripts"} <= subjects(report.findings)


@pytest.mark.parametrize("name", ["toy_zh", "toy_topics"])
def test_toy_data_has_no_errors(workplace, name):
    assert errors(check_config(f"configs/{name}.yaml")) == []


def test_the_tutorial_config_is_warned_of(workplace):
    report = check_config("configs/article_zh.yaml", ["preprocessing.tokenizer=keras"])
    assert "tokenizer" in subjects(report.findings)
    assert "tokenizer" not in subjects(check_config("configs/article_zh.yaml").findings)


def test_the_report_is_json(workplace):
    content = json.loads(json.dumps(check_config("configs/toy_en.yaml").to_dict()))
    assert list(content) == ["config", "would_fail", "splits", "findings"]
    assert content["would_fail"] is False
    assert list(content["findings"][0]) == ["severity", "subject", "found", "advice"]
    assert content["splits"]["train"]["file"] == "data/toy_en/train.csv"


def test_every_fault_of_a_config_is_an_error(workplace):
    report = check_config("configs/toy_en.yaml", ["training.epoch=3", "model.units=x"])
    assert report.would_fail
    assert errors(report) == [
        "--set model.units=x model.units expected an integer >= 1, got 'x'",
        "--set training.epoch=3 training.epoch unknown setting; did you mean 'epochs'?",
    ]


def test_an_encoder_that_is_not_there_is_one_error(write):
    config = {**write(train=EVEN), "model": {"architecture": "encoder", "weights": "absent"}}
    assert ["got 'absent'" in error for error in errors(check_config(config))] == [True]


def test_missing_config(workplace):
    report = check_config("none.yaml")
    assert errors(report) == ["none.yaml: expected a config file, but there is none. Check the path."]
    assert report == Report("none.yaml", {}, report.findings)


def test_every_file_that_cannot_be_read_is_an_error_and_the_rest_goes_on(write):
    config = write(train=EVEN)
    config["data"] |= {"test": "none.csv", "validation": "nothing.csv"}
    report = check_config(config)
    assert [message.split(":")[0] for message in errors(report)] == ["nothing.csv", "none.csv"]
    assert list(report.splits) == ["train"]
    assert "lengths" in subjects(report.findings)


def test_without_training_texts_only_their_fault_is_said(write):
    config = write(test=EVEN)
    report = check_config({"data": {**config["data"], "train": "none.csv"}})
    assert len(errors(report)) == len(report.findings) == 1
    report = check_config(write(train=[("", "x"), (" ", "y")], test=EVEN))
    assert errors(report) == ["train.jsonl: expected texts, got only empty fields. Check data.text_column."]
    report = check_config(write(train=[("a", ""), ("b", "")]))
    assert errors(report) == ["train.jsonl: expected labels, got only empty fields. Check data.label_column."]


def test_one_label_cannot_be_learned_but_is_looked_at(write):
    report = check_config(write(train=distinct({"x": 30})))
    assert "expected at least two different labels" in errors(report)[0]
    assert list(report.splits) == ["train"]
    assert len(errors(report)) == 1
    assert "lengths" in subjects(report.findings)


def test_a_share_that_cannot_be_held_out_is_an_error(write):
    report = check_config(write(train=[("one", "x"), ("two", "y")]))
    assert "expected a label with at least two different texts" in errors(report)[0]
    assert {"rare labels", "lengths"} <= subjects(report.findings)
    assert list(report.splits) == ["train"]


def test_inner_folds_that_the_texts_are_too_few_for_are_an_error(write):
    config = write(train=distinct({"x": 4, "y": 4}))
    config["training"] = {"refit": True, "inner_folds": 9}
    report = check_config(config)
    assert errors(report)[0].startswith("training.inner_folds: expected fewer than 9 folds, because train.jsonl has")
    assert not errors(check_config(config, ["training.inner_folds=8"]))


def test_a_label_with_a_single_row_is_a_warning(write):
    report = check_config(write(train=[*EVEN, ("single", "z")]))
    assert not errors(report)
    assert any("a single row of 'z' (row 41)" in finding.found for finding in report.findings)
    assert list(report.splits) == ["train", "validation"]


def test_labels_that_train_does_not_have_would_stop_a_training(write):
    report = check_config(write(train=EVEN, test=[("a", "new")]))
    assert errors(report) == ["test: 1 label in 1 row that train does not have: 'new' (row 1)."]


def test_a_vocabulary_that_cannot_be_learned_is_an_error(write):
    config = write(train=[*EVEN, ("<oov> and more", "x")])
    report = check_config({**config, "preprocessing": {"tokenizer": "keras", "oov_token": "text"}})
    assert errors(report)[0].startswith("preprocessing.oov_token: expected a token")


@pytest.mark.parametrize(
    ("name", "delimiter", "opened"), [("a.tsv", "\t", (5, 95)), ("a.csv", ";", (0, 41)), ("a.csv", ",", (97, 98))]
)
def test_rows_that_an_open_quote_swallows_are_an_error(write, name, delimiter, opened):
    write()
    texts = [('"' if row in opened else "") + f"the film was good {row}" for row in range(100)]
    lines = [f"{('pos', 'neg')[row % 2]}{delimiter}{text}" for row, text in enumerate(texts)]
    Path(name).write_text("\n".join([f"label{delimiter}text", *lines]), encoding="utf-8")
    report = check_config({"data": {"train": name}})
    assert report.would_fail
    assert f"a quote opens in row {opened[0] + 1} holds" in errors(report)[0]
    assert "data.quoting: none" in errors(report)[0]
    report = check_config({"data": {"train": name, "quoting": "none"}})
    assert not report.would_fail
    assert sum(split["rows"] for split in report.splits.values()) == 100


def test_rows_left_out_are_said_in_the_report_and_not_on_the_screen(write, caplog):
    logger = logging.getLogger("textclf")
    logger.addHandler(caplog.handler)
    handlers = list(logger.handlers)  # pytest adds its own while a test before this one left `propagate` off
    try:
        report = check_config(write(train=[*EVEN, ("", "x"), ("a", "")]))
        assert logger.handlers == handlers
    finally:
        logger.removeHandler(caplog.handler)
    assert caplog.messages == []
    found = [finding.found for finding in report.findings if finding.subject == "data"]
    assert found == [
        "train.jsonl: 1 of 42 rows have no label and are left out (rows 42).",
        "train.jsonl: 1 of 41 rows have no text and are left out (rows 41).",
    ]


def test_joined_labels_are_several(write):
    report = check_config(write(train=distinct({"a": 20, "b": 20, "a|b": 20})))
    assert report.splits["train"]["labels"].keys() == {"a", "b"}


def trains(config):
    """Whether a training gets past its data."""
    try:
        config = load_config(config)
        splits, targets = read_splits(config.data, config.targets, config.seed)
        for split in splits.values():
            targets.encode(split.labels, rows=split.rows, name=split.name)
        Preprocessor.fit(config.preprocessing, splits["train"].texts)
    except TextclfError:
        return False
    return True


def test_unlabelled_texts(write):
    config = write(train=EVEN, test=distinct({"x": 3}, "{label} test {number}"))
    config["data"]["unlabelled"] = "more.jsonl"
    assert errors(check_config(config)) == [
        f"more.jsonl: expected a file, but there is none (looked in {Path.cwd()}). Check the path."
    ]
    Path("more.jsonl").write_text('{"text": "x test 0"}\n{"text": "dull words"}\n')
    report = check_config(config)
    assert not report.would_fail
    assert set(report.splits) == {"train", "validation", "test"}
    warning = "more.jsonl: 1 of 2 rows have the text of a labelled row and are left out (rows 1)."
    assert warning in [finding.found for finding in report.findings if finding.severity == "warning"]


def test_words_of_unlabelled_texts_are_known(write):
    config = write(train=EVEN, test=distinct({"x": 5}, "dull words of test {number}"))
    assert "unknown words" in subjects(check_config(config).findings)
    Path("more.jsonl").write_text(
        "\n".join(json.dumps({"text": f"dull words of test {number} dull"}) for number in range(5))
    )
    config["data"]["unlabelled"] = "more.jsonl"
    assert "unknown words" not in subjects(check_config(config).findings)


@given(
    train=ONE_LABEL,
    validation=st.none() | ONE_LABEL,
    test=st.none() | ONE_LABEL,
    type=st.sampled_from(["auto", "binary", "multiclass", "multilabel"]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_report_has_an_error_exactly_where_a_training_stops(write, train, validation, test, type):
    files = {"train": train, "validation": validation, "test": test}
    config = write(**{name: rows for name, rows in files.items() if rows is not None})
    config["targets"] = {"type": type}
    assert check_config(config).would_fail is not trains(config)
