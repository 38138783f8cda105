"""Architecture `transformer`: embedding and positions -> encoder layers -> pooling -> logits. Trained from scratch."""

from typing import Literal

from textclf.core.options import setting
from textclf.core.search_ranges import Around, OneOf
from textclf.models.embedding import EmbeddingOptions, embed, logits_of
from textclf.models.sizes import Sizes

INPUTS = ("token_ids",)


class Options(EmbeddingOptions):
    """A small encoder (Vaswani et al. 2017) with pre-layer normalization (Xiong et al. 2020)."""

    architecture: Literal["transformer"] = setting(
        default="transformer", description="Embedding, positions, self-attention layers, pooling."
    )
    num_layers: int = setting(default=1, ge=1, le=12, tuned=OneOf((1, 2, 3)), description="Number of encoder layers.")
    num_heads: int = setting(default=4, ge=1, le=32, description="Attention heads per layer.")
    head_dim: int = setting(default=16, ge=1, description="Dimension of each head.")
    hidden_units: int = setting(default=128, ge=1, tuned=Around(3), description="Units of the feed-forward layer.")
    positions: Literal["learned", "sinusoidal"] = setting(default="learned", description="Position embeddings.")
    pooling: Literal["max", "mean", "max_mean", "attention"] = setting(
        default="max_mean",
        description="Vector of a text: the maximum or mean over all tokens, both (max_mean), or a mean with "
        "learned weights (attention).",
    )


def build(options: Options, inputs: dict, sizes: Sizes, num_outputs: int):
    """Return the logits (batch, num_outputs) of token ids (batch, tokens), padded with 0 on either side.

    Positions count from the first token. The attention and the pooling get the mask of the embedding, and do not read
    padding.
    """
    from keras import layers

    from textclf.models.layers import POOLINGS, Positions

    states = embed(options, inputs["token_ids"], sizes)
    states = Positions(options.positions, sizes.sequence_length, name="positions")(states)
    states = layers.Dropout(options.dropout, name="embedding_dropout")(states)
    for number in range(1, options.num_layers + 1):
        states = _encoder_layer(options, states, number)
    states = layers.LayerNormalization(epsilon=1e-6, name="normalization")(states)
    pooled = POOLINGS[options.pooling](states, name=options.pooling)
    features = layers.Dropout(options.dropout, name="dropout")(pooled)
    return logits_of(features, num_outputs, options.l2)


def _encoder_layer(options: Options, states, number: int):
    """Return the output of one encoder layer, (batch, tokens, embedding_dim), as its input and with the same mask."""
    from keras import layers, regularizers

    regularizer = regularizers.L2(options.l2)
    normalized = layers.LayerNormalization(epsilon=1e-6, name=f"attention_normalization_{number}")(states)
    attention = layers.MultiHeadAttention(
        options.num_heads,
        options.head_dim,
        dropout=options.dropout,
        kernel_regularizer=regularizer,
        name=f"attention_{number}",
    )
    attended = layers.Dropout(options.dropout, name=f"attention_dropout_{number}")(attention(normalized, normalized))
    states = layers.Add(name=f"attention_sum_{number}")([states, attended])
    normalized = layers.LayerNormalization(epsilon=1e-6, name=f"hidden_normalization_{number}")(states)
    hidden = layers.Dense(
        options.hidden_units, activation="relu", kernel_regularizer=regularizer, name=f"hidden_{number}"
    )(normalized)
    output = layers.Dense(options.embedding_dim, kernel_regularizer=regularizer, name=f"output_{number}")(hidden)
    output = layers.Dropout(options.dropout, name=f"output_dropout_{number}")(output)
    return layers.Add(name=f"output_sum_{number}")([states, output])
