"""The kind of answer: the settings of the labels."""

from typing import Annotated, Literal

from annotated_types import Ge, Le
from pydantic import Field

from textclf.core.pydantic_options import Options
from textclf.inference.decisions import HALF, ThresholdAim


class TargetOptions(Options):
    """The kind of answer, what mistakes cost in training, and when a label is answered."""

    type: Literal["auto", "binary", "multiclass", "multilabel"] = Field(
        "auto",
        description="binary (2 labels), multiclass (one of several), multilabel (any number of them a text), "
        "or found by looking: a field with the separator in it, or a list in JSON or Parquet, is multilabel, even if "
        "no list has more than one label; binary or multiclass overrules that.",
    )
    separator: str = Field("|", min_length=1, description="Between the labels of a text, where it has several.")
    class_weights: Literal["balanced"] | dict[str, float] | None = Field(
        None,
        description="What a mistake costs by its true label: balanced (rare labels cost more, as often as they are "
        "rarer), or a weight above 0 by name, 1 for the others.",
    )
    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="Share of the truth given to all labels alike (Szegedy et al. 2016)."
    )
    threshold: Annotated[float, Ge(0), Le(1)] | Literal["f1"] | ThresholdAim = Field(
        HALF,
        description="Least probability of the positive of two labels, or of each of many: a number; f1 (the best macro "
        "F1 on validation; of many labels each has its own); or one of the aims below.",
    )
    abstain_below: float | None = Field(
        None,
        gt=0,
        lt=1,
        description='The answer is "unsure" where the highest probability is lower; not for multilabel.',
    )
