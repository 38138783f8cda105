"""Every two of a type of answer, a tokenizer and a kind of file meet: they give the same numbers for the training.

A new reader, tokenizer or type is tested by being listed in its table.
"""

from functools import cache
from itertools import combinations, product

import numpy as np
import pytest

from tests.data.readers.written_files import write_source
from tests.pretrained import tokenizer_options
from textclf.config.config import load_config
from textclf.core.options import plain
from textclf.data.loading import encode_labels, read_splits
from textclf.data.readers import READERS
from textclf.data.targets import TYPES
from textclf.preprocessing.cache import encoded_texts
from textclf.preprocessing.tokenizers import TOKENIZERS

LABELS = {"binary": ["no", "yes"], "multiclass": ["no", "perhaps", "yes"], "multilabel": ["no", "no|yes", "perhaps"]}
TEXTS = ["good film {}", "很好看 {}", "ดีมาก {}", "영화 {} 좋다", "فيلم جيد {}", "👍🏽 {} 🎉"]


LABELLED = [name for name in READERS if name != "txt"]  # which has no labels


def pairs(first, *others):
    """Combinations in which every two values of different lists meet at least once, found greedily."""
    lists = [first, *others]
    places = list(combinations(range(len(lists)), 2))
    wanted = {(i, j, a, b) for i, j in places for a in lists[i] for b in lists[j]}
    chosen = []
    while wanted:
        best = max(product(*lists), key=lambda row: sum((i, j, row[i], row[j]) in wanted for i, j in places))
        wanted -= {(i, j, best[i], best[j]) for i, j in places}
        chosen.append(best)
    return chosen


def rows_of(type):
    """36 texts, sorted by label, as a folder has them."""
    labels = LABELS[type]
    rows = [
        (text.format(number), labels[(number + shift) % len(labels)])
        for shift, text in enumerate(TEXTS)
        for number in range(6)
    ]
    return sorted(rows, key=lambda row: row[1])


def material_of(folder, reader, type, tokenizer):
    """Everything that a training gets: texts, rows, labels as numbers, token ids, by split."""
    if tokenizer == "jieba":
        pytest.importorskip("rjieba")
    config = load_config(
        {
            "data": {"train": write_source(folder, reader, rows_of(type)), "validation": 0.25, "format": reader},
            "targets": {"type": type},
            "preprocessing": plain(tokenizer_options(tokenizer, vocabulary_size=200, min_frequency=1)),
        }
    )
    splits, targets = read_splits(config.data, config.targets, config.seed)
    classes = encode_labels(splits, targets)
    texts = {name: dataset.texts for name, dataset in splits.items()}
    preprocessor, rows = encoded_texts(config.preprocessing, texts, folder / "cache")
    found = {
        name: (
            dataset.texts.to_pylist(),
            dataset.rows.tolist(),
            classes[name].tolist(),
            *map(np.array, rows[name]["token_ids"]),
        )
        for name, dataset in splits.items()
    }
    return found, targets, preprocessor


@pytest.fixture(scope="module")
def of_csv(tmp_path_factory):
    """The same from CSV, made once for each type and tokenizer."""
    return cache(lambda *arguments: material_of(tmp_path_factory.mktemp("csv"), "csv", *arguments)[0])


@pytest.mark.parametrize(("reader", "type", "tokenizer"), pairs(LABELLED, list(TYPES), list(TOKENIZERS)))
def test_every_file_gives_the_same_numbers(reader, type, tokenizer, tmp_path, of_csv):
    found, targets, preprocessor = material_of(tmp_path, reader, type, tokenizer)
    names = {part for label in LABELS[type] for part in label.split("|")}
    assert (targets.type, targets.labels) == (type, sorted(names))
    assert sorted(row for _, rows, *_ in found.values() for row in rows) == list(range(1, 37))
    assert 8 <= len(found["validation"][0]) <= 10
    expected = of_csv(type, tokenizer)
    for name, values in found.items():
        for value, same in zip(values, expected[name], strict=True):
            np.testing.assert_array_equal(value, same)
        assert (np.diff(values[4]) > 0).all()
        assert 0 < values[3].min() <= values[3].max() < preprocessor.num_ids
