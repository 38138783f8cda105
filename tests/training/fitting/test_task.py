"""The task of a training has the unlabelled texts, encoded as its training texts are."""

import numpy as np
import pytest

from textclf.config.config import load_config
from textclf.core.text_column import text_array
from textclf.data.in_memory import read_tables
from textclf.data.loading import encode_labels, read_splits
from textclf.training.encoded_dataset import TrainingTexts, encode
from textclf.training.fitting.task import build_task, inner_folds, refit_task
from textclf.training.fitting.worker import digest_of

UNLABELLED = text_array(["word of unlabelled texts", "text3 unlabelled"])
DATA = {"train": {"text": [f"text{row}" for row in range(40)], "label": ["a", "b"] * 20}}
SETTINGS = {
    "data": {"train": "-"},
    "model": {"architecture": "ngrams"},
    "preprocessing": {"ngrams": {"min_frequency": 1}},
    "training": {"optimizer": "liblinear", "ngram_vectors": 4, "inner_folds": 2, "refit": True},
}


@pytest.fixture
def tasks(tmp_path):
    """The config, the task of the first fit, and those of the refit and of the folds."""

    def build(unlabelled):
        config = load_config(SETTINGS)
        splits, targets = read_splits(config.data, config.targets, 1, read_tables(DATA, config.data))
        texts = TrainingTexts(splits, encode_labels(splits, targets), unlabelled)
        task = build_task(config, encode(config, texts, tmp_path), targets)
        refit = refit_task(task, encode(config, texts, tmp_path, learned_from=("train", "validation")))
        return config, task, [refit, *inner_folds(config, texts, tmp_path, task).tasks]

    return build


def test_each_task_has_the_unlabelled_texts_as_its_preprocessor_encodes_them(tasks):
    _, first, others = tasks(UNLABELLED)
    for task in (first, *others):
        assert "unlabelled" in task.preprocessor.tokenizer.ids()
        expected = task.preprocessor.encode_arrays(UNLABELLED)
        assert set(task.unlabelled) == set(task.train.arrays) == set(expected)
        for name, rows in expected.items():
            np.testing.assert_array_equal(task.unlabelled[name].values, rows.values)
            np.testing.assert_array_equal(task.unlabelled[name].offsets, rows.offsets)
        assert set(task.select(["token_ids"]).unlabelled) == {"token_ids"}


def test_without_unlabelled_texts_a_task_has_none(tasks):
    _, first, others = tasks(None)
    assert [task.unlabelled for task in (first, *others)] == [None] * 4
    assert first.select(["token_ids"]).unlabelled is None


def test_the_processes_of_a_cluster_compare_the_unlabelled_texts(tasks):
    config, task, _ = tasks(UNLABELLED)
    _, again, _ = tasks(UNLABELLED)
    other = task._replace(unlabelled=task.preprocessor.encode_arrays(["text3", "text4"]))
    assert digest_of(config, task) == digest_of(config, again)
    assert digest_of(config, task) != digest_of(config, other)
