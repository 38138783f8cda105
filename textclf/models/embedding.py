"""From token ids to vectors, and from features to logits: how all begin and end that read tokens in their order."""

from pydantic import Field

from textclf.models.sizes import Sizes
from textclf.options import Options


class EmbeddingOptions(Options):
    """The settings of the embedding."""

    embedding_dim: int = Field(64, ge=1, description="Numbers that stand for one token.")
    word_dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Share of the tokens of a text that are not read in training: all numbers of such a token are 0.",
    )
    spatial_dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Share of the numbers of the embedding that are 0 in training, the same for all tokens of a text.",
    )


def embed(options: EmbeddingOptions, token_ids, sizes: Sizes):
    """Token ids (batch, tokens) -> (batch, tokens, embedding_dim), with a mask over the padding.

    The mask keeps padding, on either side, from ever being read.
    """
    from keras import layers

    table = layers.Embedding(sizes.num_ids, options.embedding_dim, mask_zero=True, name="embedding")
    states = table(token_ids)
    if options.word_dropout:
        states = layers.Dropout(options.word_dropout, noise_shape=(None, None, 1), name="word_dropout")(states)
    if options.spatial_dropout:
        noise_shape = (None, 1, options.embedding_dim)
        states = layers.Dropout(options.spatial_dropout, noise_shape=noise_shape, name="spatial_dropout")(states)
    return states


def logits_of(features, num_units: int, l2: float):
    """Features (batch, features) -> the layer named `logits`, (batch, num_units)."""
    from keras import layers, regularizers

    return layers.Dense(num_units, kernel_regularizer=regularizers.L2(l2), name="logits")(features)
