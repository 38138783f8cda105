"""Named arrays -> logits. `ARCHITECTURES` is the table of networks, `build_model` makes one of them in Keras.

Nothing here knows of a config. An ensemble is no architecture but several of these: `config/ensemble.py`.
"""

from typing import Any

from textclf.models import cnn, encoder, lstm, ngrams, transformer
from textclf.models.sizes import Sizes

# One file and one line each. A module offers
#   Options          with a field `architecture: Literal["<its name>"]`
#   INPUTS           names of the arrays it reads
#   build(options, inputs, sizes, num_outputs) -> the output of a layer named `logits`, (batch, num_outputs)
# and where it has pretrained weights
#   check_files(options, sequence_length)   raises an error if they cannot be used
#   load_weights(options, model)            puts them into the network
#   defaults(settings)                      settings of other sections that suit it, see `config/part_defaults.py`
ARCHITECTURES = {
    "lstm": lstm,
    "cnn": cnn,
    "transformer": transformer,
    "ngrams": ngrams,
    "encoder": encoder,
}


def build_model(options: Any, sizes: Sizes, *, num_outputs: int):
    """Return a Keras model of one network, from its inputs to the layer named `logits`, (batch, num_outputs).

    Args:
        options: of the architecture.
        num_outputs: width of the last layer, `Targets.num_outputs`.
    """
    import keras

    network = ARCHITECTURES[options.architecture]
    inputs = {
        name: keras.Input((None,), dtype="float32" if name == "ngram_weights" else "int32", name=name)
        for name in network.INPUTS
    }
    model = keras.Model(inputs, network.build(options, inputs, sizes, num_outputs), name=options.architecture)
    if hasattr(network, "load_weights"):
        network.load_weights(options, model)
    return model
