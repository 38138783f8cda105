"""Architecture `encoder`: a pretrained encoder of the BERT family -> pooling -> logits. It is fine-tuned, or frozen.

`config.py` reads the settings of the encoder, `weights_file.py` its tensors, `families/` maps both to the layers of
`network.py`. Nothing here imports Keras before a network is built.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from textclf.core.encoder_source import resolve, resolve_settings
from textclf.core.errors import ConfigError, DataError
from textclf.core.files import MIB
from textclf.core.options import Limit, setting
from textclf.core.options import Options as BaseOptions
from textclf.core.run_folder import LARGEST_MODEL
from textclf.core.search_ranges import OneOf
from textclf.models.encoder.config import EncoderConfig, read_encoder_config
from textclf.models.encoder.families import FAMILIES
from textclf.models.encoder.network import Tuning, encode_tokens
from textclf.models.encoder.tensors import first_position, layer_weights
from textclf.models.encoder.weights_file import read_index, read_tensor
from textclf.models.sizes import Sizes

INPUTS = ("token_ids",)
DEFAULT_WEIGHTS = "minilm"
FROZEN_OUTPUT = "unit_length"  # the layer of a frozen encoder whose output is the vector of a text
# Devlin et al. 2019 try 2 to 4 epochs and batches of 16 and 32; rates, decay and warm-up as in docs/experiments.md.
FINE_TUNING = {
    "epochs": 3,
    "batch_size": 32,
    "learning_rate": 1e-4,
    "schedule": "linear",
    "warmup": 0.1,
    "weight_decay": 0.01,
    "clip_norm": 1.0,
    "checkpoint_steps": 200,  # a step of 32 texts takes seconds on a CPU
    # The last epochs are right more often, and too sure of it. The temperature mends that, so accuracy decides.
    "early_stopping": {"metric": "accuracy", "patience": 3},
}
FROZEN = {"optimizer": "liblinear", "inverse_regularization": [0.3, 1.0, 3.0, 10.0, 30.0, 100.0]}


class Options(BaseOptions):
    """A pretrained encoder (Devlin et al. 2019) with a linear layer on top."""

    architecture: Literal["encoder"] = setting(
        default="encoder", description="Pretrained encoder of the BERT family, with a linear layer."
    )
    weights: str = setting(
        default=DEFAULT_WEIGHTS,
        min_length=1,
        description="The encoder: a folder with `config.json`, `model.safetensors` and `tokenizer.json`, a name of the "
        "hub (`owner/name`), or `minilm` for all-MiniLM-L6-v2, which is small and English.",
    )
    revision: str | None = setting(
        default=None, description="Branch, tag or commit of a repository of the hub (null: the newest)."
    )
    pooling: Literal["mean", "cls"] = setting(
        default="mean", description="Vector of a text: the mean over all tokens, or the first token (cls)."
    )
    trained_layers: Literal["all"] | Annotated[int, Limit(ge=0)] = setting(
        default="all",
        description="Number of trained layers, from the top, or all. With 0 the encoder stays as it is: "
        "each text is encoded once, and only the linear layer is trained.",
    )
    contrastive_steps: int = setting(
        default=0,
        ge=0,
        le=10_000,
        description="With `trained_layers: 0` only: number of steps that move the vectors of texts with the same label "
        "together (supervised contrastive loss, Khosla et al. 2020) before the linear layer is trained. A step reads "
        "up to 32 texts. 0 is off.",
    )
    label_texts: dict[str, str] | None = setting(
        default=None,
        description="With `trained_layers: 0` only: a text that describes each label, such as `positive: This text is "
        "positive.` The linear layer and the contrastive step learn it as a training text of its label (null: none). "
        "With few texts this adds what the encoder knows about the words. Labels may be left out.",
    )
    label_text_weight: float = setting(
        default=4.0, gt=0, le=1000, description="Weight of each of `label_texts`. A training text has the weight 1."
    )
    tune_embedding: bool = setting(default=False, description="Train the table of word vectors too.")
    layer_decay: float = setting(
        default=0.9,
        gt=0,
        le=1,
        tuned=OneOf((0.8, 0.9, 1.0)),
        description="Factor of the learning rate from each layer to the one below.",
    )
    head_rate: float = setting(
        default=10.0, gt=0, description="Factor of the learning rate of the linear layer, which starts at random."
    )
    dropout: float = setting(
        default=0.1,
        ge=0,
        lt=1,
        tuned=OneOf((0.0, 0.1, 0.2)),
        description="Dropout rate in the layers that are trained.",
    )

    @property
    def is_linear(self) -> bool:
        """Return whether what is trained is one linear layer."""
        return self.is_frozen

    @property
    def is_frozen(self) -> bool:
        """Return whether only the linear layer is trained, apart from a contrastive step before."""
        return self.trained_layers == 0 and not self.tune_embedding


def defaults(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the settings of other sections that this network has if the config leaves them out.

    Args:
        settings: of the network, as the config has them.
    """
    is_frozen = settings.get("trained_layers") == 0 and not settings.get("tune_embedding")
    weights, revision = settings.get("weights", DEFAULT_WEIGHTS), settings.get("revision")
    return {
        "preprocessing": {"tokenizer": "pretrained", "weights": weights, "revision": revision},
        "training": FROZEN if is_frozen else FINE_TUNING,
    }


def check_files(options: Options, sequence_length: int) -> tuple[Path, str, EncoderConfig]:
    """Return the folder, the family and the settings of the encoder, after checking that it can read such texts.

    Args:
        sequence_length: tokens of the longest text.

    Raises:
        ConfigError, DataError: it cannot, or its files cannot be used.
    """
    # Before the weights are downloaded.
    family, config = read_encoder_config(resolve_settings(options.weights, options.revision))
    longest = num_positions(family, config)
    if sequence_length > longest:
        raise ConfigError(
            f"preprocessing.sequence_length: expected at most {longest}, the longest text that {options.weights} can "
            f"read, got {sequence_length}."
        )
    if options.trained_layers != "all" and options.trained_layers > config.num_hidden_layers:
        raise ConfigError(
            f"model.trained_layers: expected at most {config.num_hidden_layers}, the layers of {options.weights}, or "
            f"all, got {options.trained_layers}."
        )
    if (size := config.num_bytes(table_in_8_bits=not options.tune_embedding)) > LARGEST_MODEL:
        raise ConfigError(
            f"model.weights: expected an encoder whose classifier has at most {LARGEST_MODEL // MIB:,} MiB, got "
            f"{options.weights} with {size // MIB:,} MiB. Choose a smaller encoder, or set tune_embedding to false."
        )
    folder = resolve(options.weights, options.revision).folder
    read_index(folder)
    return folder, family, config


def num_positions(family: str, config: EncoderConfig) -> int:
    """Return the tokens of the longest text that an encoder can read."""
    return config.max_position_embeddings - first_position(config, FAMILIES[family])


def build(options: Options, inputs: dict, sizes: Sizes, num_outputs: int):
    """Return the logits (batch, num_outputs) of token ids (batch, tokens), padded with 0 on either side."""
    from keras import layers

    from textclf.models.encoder.layers import FirstToken, MeanOfWindows, Windows

    folder, family, config = check_files(options, sizes.sequence_length)
    if sizes.num_ids > config.vocab_size:
        raise DataError(
            f"{folder}: expected a tokenizer of at most {config.vocab_size:,} ids, as config.json says, got "
            f"{sizes.num_ids:,}."
        )
    trained = options.trained_layers
    if trained == "all" or options.contrastive_steps:
        trained = config.num_hidden_layers
    tuning = Tuning(trained, options.tune_embedding, options.layer_decay, options.dropout)
    token_ids = inputs["token_ids"]
    rows = Windows(sizes.sequence_length, name="windows")(token_ids) if sizes.windows else token_ids
    states = encode_tokens(config, tuning, rows, num_positions(family, config))
    pooling = FirstToken if options.pooling == "cls" else layers.GlobalAveragePooling1D
    vectors = pooling(name="pooling")(states)
    if sizes.windows:  # the mean of the vectors has the mean of the logits: above it, all is linear
        vectors = MeanOfWindows(sizes.sequence_length, name="mean_of_windows")([vectors, token_ids])
    if options.is_frozen:  # so that one regularization suits all encoders, whose vectors have other lengths
        vectors = layers.UnitNormalization(name=FROZEN_OUTPUT)(vectors)
    return head(options, vectors, num_outputs)


def head(options: Options, vectors, num_outputs: int):
    """Return the logits (batch, num_outputs) of the vectors of texts, (batch, hidden_size)."""
    from keras import layers

    logits = layers.Dense(num_outputs, name="logits")
    logits.rate_factor = options.head_rate
    return logits(layers.Dropout(options.dropout, name="dropout")(vectors))


def encoder_of(network):
    """Return the part of a frozen network that turns token ids into vectors of length 1, with the same weights."""
    import keras

    return keras.Model(network.inputs, network.get_layer(FROZEN_OUTPUT).output)


def load_weights(options: Options, model) -> None:
    """Put the pretrained weights into a network that `build` has made.

    Raises:
        DataError: the files of the weights cannot be used.
    """
    from textclf.preprocessing.tokenizers.pretrained import padding_id

    folder = resolve(options.weights, options.revision).folder
    family, config = read_encoder_config(folder)
    index = read_index(folder)
    read = partial(read_tensor, index)
    weights = layer_weights(config, FAMILIES[family], index, read, padding_id(folder))
    for name, values in weights:
        layer = model.get_layer(name)
        if hasattr(layer, "set_table"):
            layer.set_table(*values)
        else:
            layer.set_weights(values)
