"""The layers of a post-norm encoder: token ids -> the vectors of the tokens.

`tensors.py` names the same layers. Each layer that trains has `rate_factor`, by which the optimizer multiplies its
learning rate (`training/fitting/optimizers/updates.py`).
"""

from typing import NamedTuple

from textclf.models.encoder.config import EncoderConfig


class Tuning(NamedTuple):
    """Which layers of an encoder train, and how."""

    trained_layers: int  # from the top
    embedding: bool  # the word table, too
    layer_decay: float  # factor of the learning rate from each layer to the one below
    dropout: float  # in the layers that train

    def trains(self, config: EncoderConfig, layer: int) -> bool:
        """Return whether a layer trains; 0 stands for positions and the normalization of the embeddings."""
        return layer > config.num_hidden_layers - self.trained_layers if layer else self.trains_all(config)

    def trains_all(self, config: EncoderConfig) -> bool:
        """Return whether all layers train."""
        return self.trained_layers >= config.num_hidden_layers

    def rate_factor(self, config: EncoderConfig, layer: int) -> float:
        """Return the factor of the learning rate of a layer, counted from 1; 0 stands for the embeddings."""
        return self.layer_decay ** (config.num_hidden_layers - layer)


def encode_tokens(config: EncoderConfig, tuning: Tuning, token_ids, num_positions: int):
    """Return the vectors of the tokens, (batch, tokens, hidden_size), with the mask of padding.

    Args:
        token_ids: (batch, tokens); 0 is padding, on either side.
        num_positions: the longest text that the encoder can read, in tokens.
    """
    from keras import layers

    from textclf.models.encoder.layers import QuantizedEmbedding
    from textclf.models.layers import Embedding, Positions

    def add(layer, *inputs, trainable: bool | None = None):
        layer.trainable = tuning.trains(config, 0) if trainable is None else trainable
        layer.rate_factor = tuning.rate_factor(config, 0)
        return layer(*inputs)

    if tuning.embedding:
        table = Embedding(config.vocab_size, config.hidden_size, mask_zero=True, name="embedding")
    else:
        table = QuantizedEmbedding(config.vocab_size, config.hidden_size, name="embedding")
    states = add(table, token_ids, trainable=tuning.embedding)
    states = add(Positions("learned", num_positions, name="positions"), states)
    normalization = layers.LayerNormalization(epsilon=config.layer_norm_eps, name="embedding_normalization")
    states = add(normalization, states)
    if tuning.trains(config, 0):
        states = layers.Dropout(tuning.dropout, name="embedding_dropout")(states)
    for layer in range(1, config.num_hidden_layers + 1):
        states = _layer(config, tuning, states, layer)
    return states


def _layer(config: EncoderConfig, tuning: Tuning, states, number: int):
    """Return the output of one layer, (batch, tokens, hidden_size), as its input and with the same mask."""
    from keras import layers

    from textclf.models.encoder.layers import SelfAttention

    trains = tuning.trains(config, number)
    dropout = tuning.dropout if trains else 0.0

    def add(layer, *inputs):
        layer.trainable, layer.rate_factor = trains, tuning.rate_factor(config, number)
        return layer(*inputs)

    def normalized(name: str, states, change):
        change = layers.Dropout(dropout, name=f"{name}_dropout_{number}")(change)
        summed = layers.Add(name=f"{name}_sum_{number}")([states, change])
        normalization = layers.LayerNormalization(epsilon=config.layer_norm_eps, name=f"{name}_normalization_{number}")
        return add(normalization, summed)

    attention = SelfAttention(config.num_attention_heads, dropout, name=f"attention_{number}")
    states = normalized("attention", states, add(attention, states))
    hidden = add(layers.Dense(config.intermediate_size, config.hidden_act, name=f"hidden_{number}"), states)
    output = add(layers.Dense(config.hidden_size, name=f"output_{number}"), hidden)
    return normalized("output", states, output)
