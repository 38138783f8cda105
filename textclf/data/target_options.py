"""Settings of the labels: their type, what mistakes cost in training, and when a label is predicted."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from textclf.core.errors import ConfigError, did_you_mean, named
from textclf.core.formatting import short_repr
from textclf.core.options import Limit, Options, setting
from textclf.data.costs import MOST_LABELS_WITH_COSTS, Costs, problem_in_costs
from textclf.data.targets import HALF


class ThresholdAim(Options):
    """The aim of a threshold on the validation texts, or the costs of mistakes: exactly one of these."""

    precision: float | None = setting(default=None, gt=0, le=1, description="The highest recall at this precision.")
    recall: float | None = setting(default=None, gt=0, le=1, description="The highest precision at this recall.")
    costs: Costs | None = setting(
        default=None,
        description="Cost of each mistake as {true label: {predicted label: cost}}, 1 for those not named. The "
        "classifier predicts the label with the lowest expected cost. Binary and multiclass only.",
    )

    def __post_init__(self) -> None:
        if len(self.given()) != 1:
            raise ValueError("exactly one of precision, recall and costs")

    def given(self) -> dict[str, Any]:
        """Return the one aim that is not null, by its name."""
        return {name: value for name, value in vars(self).items() if value is not None}


Threshold = float | str | ThresholdAim


class TargetOptions(Options):
    """The type of the labels, what mistakes cost in training, and when a label is predicted."""

    type: Literal["auto", "binary", "multiclass", "multilabel"] = setting(
        default="auto",
        description="binary (2 labels), multiclass (one of several), multilabel (any number of labels a text), or "
        "auto (detected). auto detects multilabel if a field contains the separator, if JSON or Parquet has lists, if "
        "fields are lists in writing (['a', 'b']), and if data.label_column names several columns. Set binary or "
        "multiclass to overrule that.",
    )
    separator: str = setting(
        default="|", min_length=1, description="Text between the labels of a field with several labels."
    )
    positive_label: str | None = setting(
        default=None,
        description="Positive label of a binary classifier, for the threshold, its aims and the ROC curve (null: the "
        "last label in their order).",
    )
    class_weights: Literal["balanced"] | dict[str, float] | None = setting(
        default=None,
        description="Class weights in training: balanced (inversely proportional to label frequency, at most 10), or a "
        "weight above 0 by label, 1 for the others.",
    )
    label_smoothing: float = setting(
        default=0.0, ge=0, lt=1, description="Share of the target that all labels get equally (Szegedy et al. 2016)."
    )
    threshold: Annotated[float, Limit(ge=0, le=1)] | Literal["f1"] | ThresholdAim = setting(
        default=HALF,
        description="Minimum probability for predicting the positive label, or each label of a multi-label "
        "classifier. It is a number, f1 (the best macro F1 on validation, for a multi-label classifier one for each "
        "label), or one of the aims below.",
    )
    abstain_below: float | None = setting(
        default=None,
        gt=0,
        lt=1,
        description='If the highest probability is lower, the classifier predicts "unsure". Not for multilabel.',
    )


def check_options(options: TargetOptions, labels: Sequence[str], *, multilabel: bool, single_output: bool) -> None:
    """Check the settings that depend on the labels of the data.

    Args:
        single_output: whether the network has one output for two labels.

    Raises:
        ConfigError: a weight or a cost for an unknown label, or a threshold that this type of labels cannot have.
    """
    if options.positive_label is not None:
        _check_positive_label(options.positive_label, labels, single_output=single_output)
    if isinstance(options.class_weights, dict):
        _check_class_weights(options.class_weights, labels)
    costs = options.threshold.costs if isinstance(options.threshold, ThresholdAim) else None
    if costs is not None:
        _check_costs(costs, labels, multilabel=multilabel)
    elif options.threshold != HALF and not multilabel and not single_output:
        raise ConfigError(
            "targets.threshold: expected binary or multilabel targets, got multiclass ones, where the classifier "
            "predicts the most probable label. Leave it out, or set targets.threshold.costs."
        )
    if options.abstain_below is not None and multilabel:
        raise ConfigError(
            "targets.abstain_below: expected one label a text, got multilabel targets, where a prediction may "
            "have no label at all. Leave it out."
        )


def _check_positive_label(label: str, labels: Sequence[str], *, single_output: bool) -> None:
    if not single_output:
        raise ConfigError(
            f"targets.positive_label: expected two labels, got {len(labels)} ({named(labels)}). Leave it out."
        )
    if label not in labels:
        meant = did_you_mean(label, labels, otherwise=".")
        raise ConfigError(
            f"targets.positive_label: expected a label of the data ({named(labels)}), got {short_repr(label)}{meant}"
        )


def _check_class_weights(weights: dict[str, float], labels: Sequence[str]) -> None:
    for label, weight in weights.items():
        if label not in labels:
            meant = did_you_mean(label, labels, otherwise=".")
            raise ConfigError(
                f"targets.class_weights: expected labels of the data ({named(labels)}), got '{label}'{meant}"
            )
        if not 0 < weight < float("inf"):
            raise ConfigError(f"targets.class_weights.{label}: expected a number above 0, got {weight}.")


def _check_costs(costs: Costs, labels: Sequence[str], *, multilabel: bool) -> None:
    if multilabel or len(labels) > MOST_LABELS_WITH_COSTS:
        limit = f"one label a text and at most {MOST_LABELS_WITH_COSTS:,} labels"
        raise ConfigError(f"targets.threshold.costs: expected {limit}. Leave it out.")
    problem = problem_in_costs(costs, set(labels))
    if problem:
        raise ConfigError(f"targets.threshold.costs: {problem}.")
