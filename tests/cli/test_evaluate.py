"""`textclf evaluate` as a user meets it."""

import json
from pathlib import Path


def test_a_better_classifier_than_the_majority(with_runs, textclf_main):
    finished = textclf_main("evaluate", "--run", "toy_en", "--format", "json")
    metrics = json.loads(finished.stdout)
    assert metrics["accuracy"] > metrics["majority_accuracy"] + 0.1


def test_an_unknown_label_is_in_every_table(with_runs, textclf_main):
    Path("new.csv").write_text("text,label\na wonderful film,positive\nso so,neutral\n", encoding="utf-8")
    shown = [
        line.split() for line in textclf_main("evaluate", "--run", "toy_en", "--data", "new.csv").stdout.splitlines()
    ]
    assert ["neutral", "(unknown)", "0.0000", "0.0000", "0.0000", "1"] in shown
    assert sum(map(int, next(line for line in shown if line[:2] == ["(unknown", "labels)"])[2:])) == 1
