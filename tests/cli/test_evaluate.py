"""`textclf evaluate` as a user meets it."""

import json


def test_a_better_classifier_than_the_majority(with_runs, textclf_main):
    finished = textclf_main("evaluate", "--run", "toy_en", "--format", "json")
    metrics = json.loads(finished.stdout)
    assert metrics["accuracy"] > metrics["majority_accuracy"] + 0.1
