"""Several networks in one config: the settings of an ensemble, and the members that a training fits.

Each member is fitted by itself, and their logits are combined by weights found on the validation texts. Networks that
make different errors are right more often together; combining them after each has been fitted gave more than one
network with several inputs (docs/experiments.md). A config with one network has one member.
"""

import logging
from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from textclf.config.training_options import TrainingOptions
from textclf.core.errors import ConfigError, did_you_mean, named
from textclf.core.options import Options as BaseOptions
from textclf.core.options import setting
from textclf.data.target_options import TargetOptions
from textclf.data.targets import Targets
from textclf.models import ARCHITECTURES
from textclf.models.word_vectors import check_vectors
from textclf.preprocessing.options import NgramOptions

if TYPE_CHECKING:
    ModelOptions = Any  # the options of any architecture
else:
    ModelOptions = reduce(or_, [architecture.Options for architecture in ARCHITECTURES.values()])


log = logging.getLogger(__name__)


class MemberOptions(BaseOptions):
    """One network of an ensemble."""

    model: ModelOptions = setting(
        discriminator="architecture", description="The network: `architecture` and its settings, as below `model`."
    )
    training: TrainingOptions | None = setting(
        default=None, description="Settings of its training, all those of `training` (null: the section `training`)."
    )


class Options(BaseOptions):
    """Several networks whose logits are combined, with weights fitted on the validation texts."""

    architecture: Literal["ensemble"] = setting(default="ensemble", description="Several networks, combined.")
    members: list[MemberOptions] = setting(
        default=[
            MemberOptions(model=ARCHITECTURES["ngrams"].Options()),
            MemberOptions(model=ARCHITECTURES["cnn"].Options()),
        ],
        min_length=1,
        max_length=8,
        description="The networks. Each is trained by itself.",
    )


# What `model.architecture` can be: the settings by name.
MODELS: dict[str, type[Any]] = {
    **{name: architecture.Options for name, architecture in ARCHITECTURES.items()},
    "ensemble": Options,
}


LIBLINEAR = "liblinear"  # the optimizer of linear models


class Member(NamedTuple):
    """One network to fit."""

    name: str  # of its folder in an ensemble: 1-ngrams
    model: Any  # the `Options` of its architecture
    training: TrainingOptions


def members_of(model: Any, training: TrainingOptions) -> list[Member]:
    """Return the members of an ensemble, or the only network as one member.

    Args:
        model: the `Options` of an architecture or of an ensemble.
        training: the settings for members that have none of their own.
    """
    if not isinstance(model, Options):
        return [Member(model.architecture, model, training)]
    return [
        Member(f"{number}-{member.model.architecture}", member.model, member.training or training)
        for number, member in enumerate(model.members, start=1)
    ]


def linear_problems(model: Any, training: TrainingOptions, targets: TargetOptions) -> Iterator[tuple[tuple, str]]:
    """Yield the path and the message for each setting that the optimizer `liblinear` has no use for.

    Args:
        model, training: as for `members_of`.
    """
    for number, member in enumerate(members_of(model, training)):
        options = member.training
        own = isinstance(model, Options) and model.members[number].training is not None
        section = ("model", "members", number, "training") if own else ("training",)
        if options.ngram_vectors and (options.optimizer, member.model.architecture) != (LIBLINEAR, "ngrams"):
            message = f"expected 0 unless liblinear solves `ngrams`, got {options.ngram_vectors}"
            yield (*section, "ngram_vectors"), message
        if options.optimizer != LIBLINEAR:
            continue
        if not getattr(member.model, "is_linear", False):
            name = member.model.architecture
            found = {"ngrams": "ngrams with hidden units", "encoder": "an encoder with trained layers"}.get(name, name)
            message = f"liblinear solves `ngrams` without hidden units and frozen encoders, got {found}"
            yield (*section, "optimizer"), message
        if options.augmentation:
            yield (*section, "augmentation"), "expected null with liblinear, which does not augment texts"
        if targets.label_smoothing:
            yield ("targets", "label_smoothing"), "expected 0 with liblinear, whose losses have no smoothing"


def frozen_problems(model: Any, training: TrainingOptions, targets: TargetOptions) -> Iterator[tuple[tuple, str]]:
    """Yield the path and the message for each setting that rules out what only a frozen encoder has.

    Args:
        model, training: as for `members_of`.
    """
    steps = [getattr(network, "contrastive_steps", 0) for network in networks_of(model)]
    unless = "unless the encoder is frozen (trained_layers: 0 and tune_embedding: false)"
    for number, network in enumerate(networks_of(model)):
        section = ("model", "members", number, "model") if isinstance(model, Options) else ("model",)
        if steps[number] and not network.is_frozen:
            yield (*section, "contrastive_steps"), f"expected 0 {unless}, got {steps[number]}"
        if getattr(network, "label_texts", None) and not network.is_frozen:
            yield (*section, "label_texts"), f"expected null {unless}"
    if any(steps) and targets.type == "multilabel":
        yield ("targets", "type"), "expected one label a text with contrastive_steps, got 'multilabel'"
    if any(steps) and training.devices not in ("auto", 1):
        yield ("training", "devices"), f"expected auto or 1 with contrastive_steps, got {training.devices}"


def check_labels(model: Any, targets: Targets) -> None:
    """Check what networks ask of the labels: the contrastive step one label a text, label texts labels of the data.

    Raises:
        ConfigError: the labels are others.
    """
    if targets.type == "multilabel" and any(getattr(network, "contrastive_steps", 0) for network in networks_of(model)):
        raise ConfigError(
            "model.contrastive_steps: expected 0 with several labels a text, because the step compares texts with the "
            "same label. If the texts have one label each, set targets.type."
        )
    for network in networks_of(model):
        for label, text in (getattr(network, "label_texts", None) or {}).items():
            if not text.strip():
                raise ConfigError(f"model.label_texts.{label}: expected a text, got an empty one.")
            if label not in targets.labels:
                meant = did_you_mean(label, targets.labels, otherwise=".")
                raise ConfigError(
                    f"model.label_texts: expected labels of the data ({named(targets.labels)}), got '{label}'{meant}"
                )


def input_arrays(model: Any) -> tuple[str, ...]:
    """Return the names of the arrays that the network reads, or any network of an ensemble."""
    networks = networks_of(model)
    return tuple(dict.fromkeys(name for one in networks for name in ARCHITECTURES[one.architecture].INPUTS))


def training_arrays(model: Any, training: TrainingOptions) -> tuple[str, ...]:
    """Return the names of the arrays that the training reads: beside those of the networks, tokens for vectors.

    Args:
        model, training: as for `members_of`.
    """
    with_vectors = any(member.training.ngram_vectors for member in members_of(model, training))
    return tuple(dict.fromkeys([*input_arrays(model), *(["token_ids"] if with_vectors else [])]))


def check_ngrams(model: Any, ngrams: NgramOptions) -> None:
    """Check that there are n-grams if a network reads them: without any, it cannot tell texts apart.

    Raises:
        ConfigError: there are none. Classifiers of before may have been trained so, so no constructor checks it.
    """
    if "ngram_ids" not in input_arrays(model):
        return
    if not ngrams.words and not ngrams.characters:
        raise ConfigError(
            "preprocessing.ngrams: expected n-grams of words or of characters, got neither. Set longest_words to at "
            f"least 1, or longest_characters to at least {ngrams.shortest_characters}."
        )
    if 0 < ngrams.longest_characters < ngrams.shortest_characters:
        log.warning(
            "preprocessing.ngrams: no n-grams of characters, because longest_characters (%d) is below "
            "shortest_characters (%d); set longest_characters to 0 if you want none",
            ngrams.longest_characters, ngrams.shortest_characters,
        )  # fmt: skip


def check_vector_files(model: Any) -> None:
    """Check the beginning of each file of word vectors that the networks start from.

    Raises:
        DataError: a file cannot be read.
        ConfigError: its vectors do not have `embedding_dim` numbers.
    """
    for one in networks_of(model):
        if (vectors := getattr(one, "vectors", None)) and vectors.file:
            check_vectors(vectors.file, one.embedding_dim)


def check_pretrained_files(model: Any, sequence_length: int) -> None:
    """Check the files of each pretrained network.

    Args:
        sequence_length: tokens of the longest text.

    Raises:
        ConfigError, DataError: they cannot be used, or the network reads only shorter texts.
    """
    for one in networks_of(model):
        if check_files := getattr(ARCHITECTURES[one.architecture], "check_files", None):
            check_files(one, sequence_length)


def vector_files(model: Any) -> list[str]:
    """Return the files of word vectors that the networks start from."""
    vectors = (getattr(one, "vectors", None) for one in networks_of(model))
    return [options.file for options in vectors if options and options.file]


def networks_of(model: Any) -> list[Any]:
    """Return the `Options` of every network."""
    return [member.model for member in model.members] if isinstance(model, Options) else [model]
