"""Architecture `ensemble`: several networks, each fitted by itself, joined by the sum of their weighted logits.

Networks that fail differently are right more often together. Joining them late, after each has been fitted, gave more
than one network with several inputs (see docs/experiments.md).
"""

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from textclf.config.training_options import TrainingOptions
from textclf.core.pydantic_options import Options as BaseOptions
from textclf.models.networks import NETWORKS

if TYPE_CHECKING:
    Network = Any  # any of them, of which the table decides
else:
    Network = Annotated[reduce(or_, [one.Options for one in NETWORKS.values()]), Field(discriminator="architecture")]


class Member(BaseOptions):
    """One network of an ensemble."""

    model: Network = Field(description="The network: `architecture` and its settings, as below `model`.")
    training: TrainingOptions | None = Field(
        None, description="How it is fitted, all settings as below `training`; null: as `training` says."
    )


class Options(BaseOptions):
    """Several networks joined by weights that are found on the validation texts."""

    architecture: Literal["ensemble"] = Field("ensemble", description="Several networks, joined.")
    members: list[Member] = Field(
        [Member(model=NETWORKS["ngrams"].Options()), Member(model=NETWORKS["cnn"].Options())],
        min_length=1,
        max_length=8,
        description="The networks; each is fitted by itself.",
    )
