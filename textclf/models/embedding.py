"""The parts that all networks of token sequences share: settings, the embedding, and the output layer."""

from textclf.core.options import Options, setting
from textclf.core.search_ranges import Around, Between
from textclf.models.sizes import Sizes


class VectorOptions(Options):
    """Word vectors to start from. Only training needs their file."""

    file: str | None = setting(
        default=None,
        min_length=1,
        description="Word vectors of word2vec, GloVe or fastText: text (.txt, .vec) or binary (.bin), compressed "
        "or not (.gz, .bz2, .zst). Their dimension must be `embedding_dim`. null: textclf learns vectors from the "
        "training texts, from the tokens that occur near each other.",
    )
    tuned: bool = setting(default=True, description="Train the vectors too.")
    frozen_epochs: int = setting(
        default=0, ge=0, description="Epochs for which the vectors stay frozen, while the layers above adapt to them."
    )


class EmbeddingOptions(Options):
    """The settings that `lstm`, `cnn` and `transformer` share."""

    embedding_dim: int = setting(
        default=64, ge=1, tuned=Around(3, smaller=32), description="Dimension of the token embeddings."
    )
    vectors: VectorOptions | None = setting(
        default=None, description="Word vectors to start from (null: random numbers)."
    )
    word_dropout: float = setting(
        default=0.0,
        ge=0,
        lt=1,
        tuned=Between(0, 0.4),
        description="Share of the tokens of a text dropped in training: their embeddings are 0.",
    )
    spatial_dropout: float = setting(
        default=0.0,
        ge=0,
        lt=1,
        description="Share of the embedding dimensions dropped in training, the same for all tokens of a text.",
    )
    dropout: float = setting(
        default=0.2,
        ge=0,
        lt=1,
        tuned=Between(0, 0.7),
        description="Dropout rate after the embedding and each layer.",
    )
    l2: float = setting(default=0.0, ge=0, description="L2 penalty on the weights of all layers but the embedding.")


def embed(options: EmbeddingOptions, token_ids, sizes: Sizes):
    """Return the embeddings of token ids (batch, tokens): float32 (batch, tokens, embedding_dim).

    They carry a mask (batch, tokens), False where the id is 0: padding, on either side. Layers above must use it.
    """
    from keras import layers

    states = _embedding(options, sizes)(token_ids)
    if options.word_dropout:
        states = layers.Dropout(options.word_dropout, noise_shape=(None, None, 1), name="word_dropout")(states)
    if options.spatial_dropout:
        noise_shape = (None, 1, options.embedding_dim)
        states = layers.Dropout(options.spatial_dropout, noise_shape=noise_shape, name="spatial_dropout")(states)
    return states


def _embedding(options: EmbeddingOptions, sizes: Sizes):
    """Return the embedding layer. Its pretrained vectors are loaded later, by `training/fitting/word_vectors.py`."""
    from textclf.models.layers import Embedding, FreezableEmbedding

    vectors = options.vectors
    layer = FreezableEmbedding if vectors and vectors.tuned and vectors.frozen_epochs else Embedding
    trainable = vectors is None or vectors.tuned
    return layer(sizes.num_ids, options.embedding_dim, mask_zero=True, trainable=trainable, name="embedding")


def logits_of(features, num_outputs: int, l2: float):
    """Return the output of the layer `logits`: features (batch, features) -> (batch, num_outputs)."""
    from keras import layers, regularizers

    return layers.Dense(num_outputs, kernel_regularizer=regularizers.L2(l2), name="logits")(features)
