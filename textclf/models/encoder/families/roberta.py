"""RoBERTa (Liu et al. 2019) and XLM-R (Conneau et al. 2020): BERT's tensors, other positions and ids of padding."""

from textclf.models.encoder.config import EncoderConfig
from textclf.models.encoder.families import bert

SETTINGS: dict[str, str] = {}
DEFAULTS = {"layer_norm_eps": 1e-12, "pad_token_id": 1, "hidden_act": "gelu", "type_vocab_size": 2}
PREFIX = "roberta."  # XLM-R's too
TENSORS = bert.TENSORS


def first_position(config: EncoderConfig) -> int:
    """Return the row of the position table that the first token reads: the one after that of padding."""
    return config.pad_token_id + 1
