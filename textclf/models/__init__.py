"""Named arrays -> logits. `ARCHITECTURES` is the list of networks to choose from."""

from textclf.models import cnn, lstm, transformer
from textclf.models.embedding import Tokens

# One file and one line each. An architecture module offers
#   Options          with a field `architecture: Literal["<its name>"]`, and `l2`
#   INPUTS           names of the arrays it reads
#   build(options, inputs, tokens) -> pooled features, (batch, features)
ARCHITECTURES = {
    "lstm": lstm,
    "cnn": cnn,
    "transformer": transformer,
}


def build_model(options, tokens: Tokens, *, num_units: int):
    """A Keras model from the architecture's inputs to the layer named `logits`, (batch, num_units).

    Args:
        tokens: what is known of the token ids.
        num_units: width of the last layer, `Targets.num_units`.
    """
    import keras

    architecture = ARCHITECTURES[options.architecture]
    inputs = {name: keras.Input((None,), dtype="int32", name=name) for name in architecture.INPUTS}
    features = architecture.build(options, inputs, tokens)
    logits = keras.layers.Dense(num_units, kernel_regularizer=keras.regularizers.L2(options.l2), name="logits")
    return keras.Model(inputs, logits(features), name=options.architecture)
