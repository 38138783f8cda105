"""The linear baseline of a report."""

import warnings

from tests.hand_made import dataset
from textclf.data.target_options import TargetOptions
from textclf.data.targets import Targets
from textclf.evaluation.report.baseline import linear_baseline


def test_labels_with_one_text_each_are_no_reason_for_a_warning():
    train = dataset([(f"thing {number}", f"label {number}") for number in range(60)])
    targets = Targets.fit(train.labels, TargetOptions(), multilabel=False)
    with warnings.catch_warnings(action="error"):
        _, chosen, predicted = linear_baseline(train, ["thing 7", "thing 9"], targets)
    assert list(chosen) == [0, 1]
    assert len(predicted) == 2
