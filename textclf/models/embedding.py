"""From token ids to vectors, and from features to logits: how all begin and end that read tokens in their order."""

from textclf.core.options import Options, setting
from textclf.models.sizes import Sizes


class VectorOptions(Options):
    """Pretrained word vectors. Only training needs their file."""

    file: str = setting(
        min_length=1,
        description="Word vectors of word2vec, GloVe or fastText: text (.txt, .vec) or binary (.bin), compressed "
        "or not (.gz, .bz2, .zst). Their dimension must be `embedding_dim`.",
    )
    tuned: bool = setting(default=True, description="Train the vectors too.")
    frozen_epochs: int = setting(
        default=0, ge=0, description="Epochs for which the vectors stay frozen, while the layers above adapt to them."
    )


class EmbeddingOptions(Options):
    """The settings of the embedding."""

    embedding_dim: int = setting(default=64, ge=1, description="Dimension of the token embeddings.")
    vectors: VectorOptions | None = setting(
        default=None, description="Pretrained word vectors to start from; null: random numbers."
    )
    word_dropout: float = setting(
        default=0.0,
        ge=0,
        lt=1,
        description="Share of the tokens of a text dropped in training: their embeddings are 0.",
    )
    spatial_dropout: float = setting(
        default=0.0,
        ge=0,
        lt=1,
        description="Share of the embedding dimensions dropped in training, the same for all tokens of a text.",
    )


def embed(options: EmbeddingOptions, token_ids, sizes: Sizes):
    """Token ids (batch, tokens) -> (batch, tokens, embedding_dim), with a mask over the padding.

    The mask keeps padding, on either side, from ever being read.
    """
    from keras import layers

    states = _table(options, sizes)(token_ids)
    if options.word_dropout:
        states = layers.Dropout(options.word_dropout, noise_shape=(None, None, 1), name="word_dropout")(states)
    if options.spatial_dropout:
        noise_shape = (None, 1, options.embedding_dim)
        states = layers.Dropout(options.spatial_dropout, noise_shape=noise_shape, name="spatial_dropout")(states)
    return states


def _table(options: EmbeddingOptions, sizes: Sizes):
    """A layer with a vector for each token; the file of pretrained ones is read later, by `word_vectors.py`."""
    from textclf.models.layers import Embedding, FreezableEmbedding

    later = options.vectors is not None and options.vectors.tuned and options.vectors.frozen_epochs
    form = FreezableEmbedding if later else Embedding
    trainable = options.vectors is None or options.vectors.tuned
    return form(sizes.num_ids, options.embedding_dim, mask_zero=True, trainable=trainable, name="embedding")


def logits_of(features, num_units: int, l2: float):
    """Features (batch, features) -> the layer named `logits`, (batch, num_units)."""
    from keras import layers, regularizers

    return layers.Dense(num_units, kernel_regularizer=regularizers.L2(l2), name="logits")(features)
