"""A trial in the process of the test: its score."""

import pytest

from tests.conftest import LINEAR
from textclf.config.config import load_config
from textclf.core.errors import TrainingError
from textclf.training.training_run import new_run
from textclf.training.tuning.trial import Task, run_trial

ROWS = {"train.csv": ["x"] * 8 + ["y"] * 8, "rare.csv": ["x"] * 8 + ["y"] * 8 + ["rare"], "one.csv": ["x"] * 4}


@pytest.mark.parametrize(
    ("train", "folds", "where"), [("train.csv", None, "the validation texts"), ("rare.csv", 2, "the texts of a fold")]
)
def test_a_metric_that_is_not_defined(workplace, train, folds, where):
    for name, labels in ROWS.items():
        lines = [f"text {label} {number},{label}" for number, label in enumerate(labels)]
        (workplace / name).write_text("\n".join(["text,label", *lines]), encoding="utf-8")
    config = load_config({"data": {"train": train, "validation": "one.csv"}, **LINEAR})
    folder = new_run(config, "test", "trial", "trial")
    task = Task(str(folder.path), "roc_auc", largest=None, curves=[], folds=folds)
    with pytest.raises(TrainingError, match=rf"^tuning\.metric: roc_auc is not defined on {where}, because"):
        run_trial(folder, config, task)
