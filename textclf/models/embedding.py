"""From token ids to vectors: what every architecture that reads tokens in their order begins with."""

from typing import NamedTuple

from pydantic import Field

from textclf.options import Options


class Tokens(NamedTuple):
    """What is known of the token ids before a network is built."""

    num_ids: int  # rows of the embedding, `Preprocessor.num_ids`
    sequence_length: int  # most tokens of a row


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


def embed(options: EmbeddingOptions, token_ids, tokens: Tokens):
    """Token ids (batch, tokens) -> (batch, tokens, embedding_dim), with a mask over the padding.

    The mask keeps padding, on either side, from ever being read.
    """
    from keras import layers

    table = layers.Embedding(tokens.num_ids, options.embedding_dim, mask_zero=True, name="embedding")
    states = table(token_ids)
    if options.word_dropout:
        states = layers.Dropout(options.word_dropout, noise_shape=(None, None, 1), name="word_dropout")(states)
    if options.spatial_dropout:
        noise_shape = (None, 1, options.embedding_dim)
        states = layers.Dropout(options.spatial_dropout, noise_shape=noise_shape, name="spatial_dropout")(states)
    return states
