"""Settings that depend on the labels of the data are checked against them."""

import pytest

from textclf.core.errors import ConfigError
from textclf.data.target_options import TargetOptions, ThresholdAim, check_options

KINDS = {
    "binary": (["no", "yes"], False, True),
    "one": (["a", "b", "c"], False, False),
    "many": (["a", "b"], True, False),
}


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        ("one", {"threshold": 0.7}, "threshold: expected binary or multilabel"),
        ("one", {"threshold": "f1"}, "threshold: expected binary or multilabel"),
        ("one", {"threshold": ThresholdAim(recall=0.9)}, "threshold: expected binary or multilabel"),
        ("many", {"abstain_below": 0.4}, "abstain_below: expected one label a text"),
        ("many", {"threshold": ThresholdAim(costs={"a": {"b": 2}})}, "costs: expected one label a text"),
        ("one", {"threshold": ThresholdAim(costs={"d": {"b": 2}})}, "got 'd'"),
        ("one", {"threshold": ThresholdAim(costs={"a": {"d": 2}})}, "got 'd'"),
        ("binary", {"threshold": ThresholdAim(costs={"no": {"yes": -1}})}, "got -1"),
        ("one", {"class_weights": {"bb": 2.0}}, "got 'bb'"),
        ("one", {"class_weights": {"b": 0.0}}, "class_weights.b: expected a number above 0"),
    ],
)
def test_settings_that_these_labels_cannot_have(kind, settings, said):
    labels, multilabel, single_output = KINDS[kind]
    with pytest.raises(ConfigError, match=said):
        check_options(TargetOptions(**settings), labels, multilabel=multilabel, single_output=single_output)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("binary", {"threshold": 0.7, "abstain_below": 0.8, "class_weights": {"no": 2.0}}),
        ("one", {"threshold": ThresholdAim(costs={"a": {"b": 2}}), "class_weights": "balanced"}),
        ("many", {"threshold": "f1"}),
    ],
)
def test_settings_that_they_can_have(kind, settings):
    labels, multilabel, single_output = KINDS[kind]
    check_options(TargetOptions(**settings), labels, multilabel=multilabel, single_output=single_output)
