"""Architecture `lstm`: embedding -> LSTM layers -> the last state, or a pooling of all states -> logits."""

from typing import Literal

from textclf.core.options import setting
from textclf.core.search_ranges import Around, OneOf
from textclf.models.embedding import EmbeddingOptions, embed, logits_of
from textclf.models.sizes import Sizes

INPUTS = ("token_ids",)


class Options(EmbeddingOptions):
    """A recurrent network (Hochreiter & Schmidhuber 1997). It reads a text token by token."""

    architecture: Literal["lstm"] = setting(default="lstm", description="Embedding, LSTM layers, pooling.")
    units: int = setting(default=64, ge=1, tuned=Around(4), description="Units of each LSTM layer, per direction.")
    num_layers: int = setting(default=1, ge=1, le=8, description="Number of LSTM layers.")
    bidirectional: bool = setting(
        default=False, tuned=OneOf((False, True)), description="Read each text in both directions."
    )
    pooling: Literal["last", "max", "mean", "max_mean", "attention"] = setting(
        default="last",
        tuned=OneOf(("last", "max", "mean", "max_mean")),
        description="Vector of a text: the last state, the maximum or mean of all states, both (max_mean), "
        "or a mean with learned weights (attention).",
    )
    recurrent_dropout: float = setting(
        default=0.0,
        ge=0,
        lt=1,
        description="Dropout rate of the recurrent state. It is slow, because the GPU kernel and the XLA kernel lack "
        "it.",
    )


def build(options: Options, inputs: dict, sizes: Sizes, num_outputs: int):
    """Return the logits (batch, num_outputs) of token ids (batch, tokens), padded with 0 on either side.

    Every LSTM gets the mask of the embedding: a padded token leaves its state as it was, and no pooling reads it.
    """
    from keras import layers, regularizers

    from textclf.models.layers import POOLINGS
    from textclf.models.xla_lstm.layer import LSTM

    embedded = embed(options, inputs["token_ids"], sizes)
    outputs = layers.Dropout(options.dropout, name="embedding_dropout")(embedded)  # (batch, tokens, embedding_dim)
    needs_all_states = options.pooling != "last"
    for number in range(1, options.num_layers + 1):
        is_last = number == options.num_layers
        layer = LSTM(
            options.units,
            return_sequences=not is_last or needs_all_states,
            recurrent_dropout=options.recurrent_dropout,
            kernel_regularizer=regularizers.L2(options.l2),
            recurrent_regularizer=regularizers.L2(options.l2),
            name=f"lstm_{number}",
        )
        if options.bidirectional:
            layer = layers.Bidirectional(layer, name=f"bidirectional_{number}")
        outputs = layer(outputs)  # (batch, tokens, units), or the last state (batch, units)
        if is_last and needs_all_states:
            outputs = POOLINGS[options.pooling](outputs, name=options.pooling)
        outputs = layers.Dropout(options.dropout, name=f"dropout_{number}")(outputs)
    return logits_of(outputs, num_outputs, options.l2)
