"""Architecture `cnn`: embedding -> convolutions of several widths -> maximum over the text -> logits."""

from typing import Annotated, Literal

from textclf.core.options import Limit, setting
from textclf.core.search_ranges import Around, Between
from textclf.models.embedding import EmbeddingOptions, embed, logits_of
from textclf.models.sizes import Sizes

INPUTS = ("token_ids",)


class Options(EmbeddingOptions):
    """A convolutional network (Kim 2014). Each filter detects a phrase anywhere in the text. Fast to train."""

    architecture: Literal["cnn"] = setting(default="cnn", description="Embedding, convolutions, max pooling.")
    widths: list[Annotated[int, Limit(ge=1, le=32)]] = setting(
        default=[2, 3, 4],
        min_length=1,
        max_length=8,
        description="Filter widths in tokens, each from 1 to 32.",
    )
    filters: int = setting(default=64, ge=1, tuned=Around(3), description="Filters of each width.")
    dropout: float = setting(
        default=0.5,
        ge=0,
        lt=1,
        tuned=Between(0, 0.7),
        description="Dropout rate after the embedding and after pooling.",
    )


def build(options: Options, inputs: dict, sizes: Sizes, num_outputs: int):
    """Return the logits (batch, num_outputs) of token ids (batch, tokens), padded with 0 on either side.

    The convolutions set padded tokens to 0, and the maximum over the text does not read them.
    """
    from keras import layers, regularizers

    from textclf.models.layers import MaskedConv1D, MaxPooling

    states = embed(options, inputs["token_ids"], sizes)
    states = layers.Dropout(options.dropout, name="embedding_dropout")(states)
    maxima = []
    for width in dict.fromkeys(options.widths):
        # "same" padding: a text that is shorter than the filter has an output, too.
        convolution = MaskedConv1D(
            options.filters,
            width,
            padding="same",
            activation="relu",
            kernel_regularizer=regularizers.L2(options.l2),
            name=f"convolution_{width}",
        )
        maxima.append(MaxPooling(name=f"max_{width}")(convolution(states)))
    features = layers.Concatenate(name="maxima")(maxima) if len(maxima) > 1 else maxima[0]
    return logits_of(layers.Dropout(options.dropout, name="dropout")(features), num_outputs, options.l2)
