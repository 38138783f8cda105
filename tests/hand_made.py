"""Data sets made by hand, for the tests of the checks."""

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from textclf.data.checks.context import CheckContext
from textclf.data.dataset import Dataset
from textclf.data.labels import Labels
from textclf.data.target_options import TargetOptions
from textclf.data.targets import Targets
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.tokenizers import TOKENIZERS


def dataset(rows, first=1):
    """Pairs of a text and a label, or a tuple of labels."""
    labels = [labels if isinstance(labels, tuple) else (labels,) for _, labels in rows]
    texts = pa.array([text for text, _ in rows], pa.large_string())
    return Dataset("a.csv", texts, Labels.of(labels), np.arange(first, first + len(rows)))


def material(train, tokenizer="word", type="auto", preprocessing=None, **others):
    """What the checks look at, from rows by split."""
    splits = {name: dataset(rows) for name, rows in {"train": train, **others}.items()}
    options = TOKENIZERS[tokenizer].Options(**(preprocessing or {}))
    known = {label for labels in splits["train"].labels for label in labels}
    options_of_targets = TargetOptions(type=type)
    many = type == "multilabel"
    targets = Targets.fit(splits["train"].labels, options_of_targets, multilabel=many) if len(known) > 1 else None
    return CheckContext(splits, Preprocessor.fit(options, splits["train"].texts), targets)


def distinct(counts, text="{label} text number {number}"):
    """Rows with texts of their own: {"x": 3} gives x three."""
    return [
        (text.format(label=label, number=number), label) for label, count in counts.items() for number in range(count)
    ]


def only(findings):
    """The one finding there is."""
    (finding,) = findings
    return finding


def found(findings):
    """What the findings say."""
    return [finding.found for finding in findings]


def subjects(findings):
    """What they are about."""
    return {finding.subject for finding in findings}


def rows_of(dataset):
    """Text, labels between bars, row number."""
    labels = ["|".join(row) for row in dataset.labels]
    return list(zip(dataset.texts.to_pylist(), labels, dataset.rows.tolist(), strict=True))


EVEN = distinct({"x": 20, "y": 20})
ANY_TEXT = st.one_of(
    st.text(max_size=12), st.sampled_from(["", " ", "好评 好评", "a b c d e f g", "A b c d e f g!", "\ufffd\x00"])
)
ANY_LABEL = st.one_of(st.sampled_from(["x", "y", "z", "X"]), st.text(min_size=1, max_size=3))
ONE_LABEL = st.lists(st.tuples(ANY_TEXT, ANY_LABEL), max_size=12)
