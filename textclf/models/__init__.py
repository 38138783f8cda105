"""Named arrays -> logits. `ARCHITECTURES` is the list of what `model.architecture` can be."""

from typing import Any, NamedTuple

from textclf.config import ensemble
from textclf.config.training_options import TrainingOptions
from textclf.core.pydantic_options import Options
from textclf.models.networks import NETWORKS
from textclf.models.sizes import Sizes
from textclf.models.word_vectors import check_vectors

ARCHITECTURES = {**NETWORKS, "ensemble": ensemble}


class Member(NamedTuple):
    """One network to fit."""

    name: str  # of its folder in an ensemble: 1-ngrams
    model: Any  # the `Options` of its architecture
    training: TrainingOptions


def members_of(model: Any, training: TrainingOptions) -> list[Member]:
    """The networks of an ensemble, or the one that there is."""
    if not isinstance(model, ensemble.Options):
        return [Member(model.architecture, model, training)]
    return [
        Member(f"{number}-{member.model.architecture}", member.model, member.training or training)
        for number, member in enumerate(model.members, start=1)
    ]


def arrays_of(model: Options) -> tuple[str, ...]:
    """Names of the arrays that a network reads, or any network of an ensemble."""
    members = members_of(model, TrainingOptions())
    return tuple(dict.fromkeys(name for member in members for name in NETWORKS[member.model.architecture].INPUTS))


def check_vector_files(model: Options) -> None:
    """Whether the files of word vectors that the networks begin with can be used, as far as their beginning shows.

    Raises:
        DataError: one cannot be read.
        ConfigError: its vectors do not have `embedding_dim` numbers.
    """
    for member in members_of(model, TrainingOptions()):
        if vectors := getattr(member.model, "vectors", None):
            check_vectors(vectors.file, member.model.embedding_dim)


def vector_files(model: Options) -> list[str]:
    """The files of word vectors that the networks begin with."""
    vectors = (getattr(member.model, "vectors", None) for member in members_of(model, TrainingOptions()))
    return [options.file for options in vectors if options]


def build_model(options: Any, sizes: Sizes, *, num_units: int):
    """A Keras model of one network, from its inputs to the layer named `logits`, (batch, num_units).

    Args:
        options: of the architecture.
        num_units: width of the last layer, `Targets.num_units`.
    """
    import keras

    network = NETWORKS[options.architecture]
    inputs = {
        name: keras.Input((None,), dtype="float32" if name == "ngram_weights" else "int32", name=name)
        for name in network.INPUTS
    }
    return keras.Model(inputs, network.build(options, inputs, sizes, num_units), name=options.architecture)
