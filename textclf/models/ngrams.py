"""Architecture `ngrams`: n-grams of words and characters -> a linear model, or a hidden layer -> logits."""

from typing import Literal

from textclf.core.options import Options as BaseOptions
from textclf.core.options import setting
from textclf.core.search_ranges import Between
from textclf.models.sizes import Sizes

INPUTS = ("ngram_ids", "ngram_weights")


class Options(BaseOptions):
    """A bag of n-grams (as in Joulin et al. 2017). Fast to train, and hard to beat on few or short texts."""

    architecture: Literal["ngrams"] = setting(default="ngrams", description="Bag of n-grams, weighted by tf-idf.")
    hidden_units: int = setting(
        default=0,
        ge=0,
        le=4096,
        description="Units of a hidden layer (0: a linear model, with one row of logits per n-gram).",
    )
    dropout: float = setting(
        default=0.5,
        ge=0,
        lt=1,
        tuned=Between(0, 0.7),
        description="Share of the n-grams of a text dropped in training. The optimizer liblinear drops none.",
    )

    @property
    def is_linear(self) -> bool:
        """Return whether what is trained is one linear layer."""
        return not self.hidden_units


def build(options: Options, inputs: dict, sizes: Sizes, num_outputs: int):
    """Return the logits (batch, num_outputs) of n-gram ids (batch, entries) and their weights (batch, entries).

    There is no mask: the weight of a padded entry is 0.
    """
    from keras import layers

    from textclf.models.layers import Embedding, WeightedSum

    weights = layers.Dropout(options.dropout, name="ngram_dropout")(inputs["ngram_weights"])
    width = options.hidden_units or num_outputs
    # A linear model can start at zero, and an n-gram that training never sees then has no influence.
    initializer = "uniform" if options.hidden_units else "zeros"
    table = Embedding(sizes.num_ngrams, width, embeddings_initializer=initializer, name="ngram_embedding")
    rows = table(inputs["ngram_ids"])  # (batch, entries, width)
    if not options.hidden_units:
        return WeightedSum(name="logits")([rows, weights])
    hidden = layers.Activation("relu", name="hidden_activation")(WeightedSum(name="hidden")([rows, weights]))
    hidden = layers.Dropout(options.dropout, name="dropout")(hidden)
    return layers.Dense(num_outputs, name="logits")(hidden)
