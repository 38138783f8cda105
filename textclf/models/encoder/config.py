"""Read `config.json` of a pretrained encoder, which may come from a stranger. No Keras here."""

from pathlib import Path

from textclf.core.errors import DataError
from textclf.core.formatting import short_repr
from textclf.core.options import Options, checked, setting
from textclf.models.encoder.weights_file import read_object

CONFIG = "config.json"
MOST_WEIGHTS = 2**31  # of the whole encoder
ACTIVATIONS = ("gelu", "relu")


class EncoderConfig(Options):
    """The settings of an encoder, by the names that BERT gives them. The limits refuse absurd sizes."""

    vocab_size: int = setting(ge=2, le=2_000_000, description="Rows of the word table.")
    hidden_size: int = setting(ge=1, le=8192, description="Numbers of a token's vector.")
    num_hidden_layers: int = setting(ge=1, le=96, description="Number of layers.")
    num_attention_heads: int = setting(ge=1, le=128, description="Heads of the attention.")
    intermediate_size: int = setting(ge=1, le=65_536, description="Units of the feed-forward layer.")
    max_position_embeddings: int = setting(ge=1, le=65_536, description="Rows of the position table.")
    type_vocab_size: int = setting(ge=0, le=65_536, description="Rows of the table of first and second sentences.")
    hidden_act: str = setting(description="Activation of the feed-forward layer.")
    layer_norm_eps: float = setting(gt=0, lt=1, description="Added to the variance in each normalization.")
    pad_token_id: int = setting(ge=0, description="The model's own id of padding.")

    @property
    def num_weights(self) -> int:
        """Number of weights, without biases and normalizations."""
        rows = self.vocab_size + self.max_position_embeddings
        layer = 4 * self.hidden_size + 2 * self.intermediate_size
        return self.hidden_size * (rows + self.num_hidden_layers * layer)

    def num_bytes(self, *, table_in_8_bits: bool) -> int:
        """Return the size of the weights in a classifier.

        Args:
            table_in_8_bits: whether the word table is a `QuantizedEmbedding`.
        """
        return 4 * self.num_weights - (3 * self.vocab_size * self.hidden_size if table_in_8_bits else 0)


def read_encoder_config(folder: Path) -> tuple[str, EncoderConfig]:
    """Return the name of the family of an encoder, and its settings.

    Raises:
        DataError: there is no such file, the family is not in the table, or a setting cannot be used.
    """
    from textclf.models.encoder.families import FAMILIES

    path = folder / CONFIG
    if not path.exists():
        raise DataError(f"{path}: expected the settings of an encoder, but there is no such file.")
    content = read_object(path)
    name = content.get("model_type")
    if not isinstance(name, str) or name not in FAMILIES:
        raise DataError(
            f"{path}: model_type: expected one of {', '.join(FAMILIES)}, got {short_repr(name)}. Choose an encoder of "
            "one of these families."
        )
    family = FAMILIES[name]
    names = {known: family.SETTINGS.get(known, known) for known in EncoderConfig.__annotations__}
    given = {known: content[theirs] for known, theirs in names.items() if content.get(theirs) is not None}
    try:
        config = checked(EncoderConfig, {**family.DEFAULTS, **given})
        _check(config, content)
    except ValueError as error:
        raise DataError(f"{path}: {error}.") from None
    return name, config


def _check(config: EncoderConfig, content: dict) -> None:
    if config.hidden_size % config.num_attention_heads:
        raise ValueError(
            f"expected a hidden_size that num_attention_heads divides, got {config.hidden_size} and "
            f"{config.num_attention_heads}"
        )
    if config.num_weights > MOST_WEIGHTS:
        raise ValueError(f"expected at most {MOST_WEIGHTS:,} weights, got {config.num_weights:,}")
    if config.hidden_act not in ACTIVATIONS:
        raise ValueError(f"hidden_act: expected one of {', '.join(ACTIVATIONS)}, got {short_repr(config.hidden_act)}")
    if config.pad_token_id >= config.vocab_size:
        raise ValueError(f"pad_token_id: expected less than vocab_size, got {config.pad_token_id}")
    positions = content.get("position_embedding_type", "absolute")
    if positions != "absolute":
        raise ValueError(f"position_embedding_type: expected absolute, got {short_repr(positions)}")
