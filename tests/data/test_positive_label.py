"""The positive label: the second of two, which thresholds and their aims are about."""

import numpy as np
import pandas as pd
import pytest

import textclf
from tests.conftest import LINEAR
from textclf.config.config import load_config
from textclf.config.starter import starter_config
from textclf.config.yaml import parse_yaml
from textclf.core.errors import ConfigError, DataError
from textclf.data.target_options import TargetOptions, ThresholdAim
from textclf.data.targets import Targets
from textclf.evaluation.metrics import measure
from textclf.evaluation.thresholds import choose_thresholds
from textclf.inference.decisions import Decision

ROWS = [("ham",)] * 6 + [("spam",)] * 3


def fit(label, rows=ROWS, **options):
    return Targets.fit(rows, TargetOptions(positive_label=label, **options))


@pytest.mark.parametrize(
    ("label", "labels", "counts"),
    [("ham", ["spam", "ham"], [3, 6]), ("spam", ["ham", "spam"], [6, 3]), (None, ["ham", "spam"], [6, 3])],
)
def test_it_is_the_second_label(label, labels, counts):
    targets = fit(label)
    assert (targets.labels, targets.counts, targets.majority) == (labels, counts, ("ham",))
    assert Targets.from_dict(targets.to_dict()).labels == labels
    assert targets.encode([("ham",), ("spam",)], rows=[1, 2], name="a").tolist() == [
        *map(labels.index, ["ham", "spam"])
    ]


@pytest.mark.parametrize(
    ("label", "rows", "type", "message"),
    [
        ("spma", ROWS, "auto", r"positive_label: expected a label of the data .*did you mean 'spam'\?"),
        ("a", [("a",), ("b",), ("c",)], "auto", "positive_label: expected two labels, got 3"),
        ("a", [("a",), ("b",)], "multiclass", "positive_label: expected two labels"),
        ("a", [("a",), ("b",)], "multilabel", "positive_label: expected two labels"),
    ],
)
def test_another_label_or_type_is_an_error(label, rows, type, message):
    with pytest.raises(ConfigError, match=message):
        fit(label, rows, type=type)


@pytest.mark.parametrize("label", ["ham", "spam"])
def test_aims_and_metrics_are_about_it(label):
    targets = fit(label)
    random = np.random.default_rng(1)
    classes = random.integers(0, 2, 500)
    of_positive = np.clip(0.5 * classes + 0.7 * random.random(500), 0, 1)
    probabilities = np.stack([1 - of_positive, of_positive], axis=1)
    decision = choose_thresholds(Decision(), ThresholdAim(precision=0.95), classes, probabilities, targets)
    of_label = measure(classes, probabilities, targets, decision)["by_class"][label]
    assert of_label["precision"] >= 0.95
    assert of_label["recall"] < 1


def test_a_training_honours_it(workplace):
    rows = [
        (f"{'cheap pills' if number % 4 == 0 else 'see you at noon'} {number}", number % 4 == 0) for number in range(80)
    ]
    pd.DataFrame([(text, "buy" if spam else "talk") for text, spam in rows], columns=["text", "label"]).to_csv(
        "a.csv", index=False
    )
    targets = {"positive_label": "buy", "threshold": {"recall": 1.0}}
    run = textclf.train({"data": {"train": "a.csv", "validation": 0.2}, "targets": targets, **LINEAR}, run="r")
    classifier = textclf.load(run)
    assert classifier.labels == ["talk", "buy"]
    assert classifier.predict(["x", "y"], threshold=0) == ["buy", "buy"]
    assert classifier.predict(["x"], threshold=1) == ["talk"]
    assert textclf.evaluate(run, "a.csv")["confusion_matrix"]["labels"] == ["talk", "buy"]
    assert textclf.load(run).predict_proba(["x"]).sum() == pytest.approx(1)
    with pytest.raises(DataError):
        textclf.train({"data": {"train": "none.csv"}, "targets": targets})


@pytest.mark.parametrize(
    ("labels", "every", "positive"),
    [
        (("fraud", "legitimate"), 10, "fraud"),
        (("spam", "ham"), 5, "spam"),
        (("bad", "good"), 2, "good"),
        ((1, 0), 3, "1"),
        ((0, 1), 3, "0"),
    ],
)
def test_new_writes_the_rarer_one(here, labels, every, positive):
    rows = [(f"text number {number}", labels[number % every > 0]) for number in range(100)]
    pd.DataFrame(rows, columns=["text", "label"]).to_csv("a.csv", index=False)
    config = load_config(parse_yaml(starter_config("a.csv")).data)
    assert config.targets.positive_label == positive


def test_new_writes_none_for_other_types(here):
    rows = [(f"text number {number}", "abc"[number % 3]) for number in range(60)]
    pd.DataFrame(rows, columns=["text", "label"]).to_csv("a.csv", index=False)
    assert "positive_label" not in starter_config("a.csv")
