"""RoBERTa (Liu et al. 2019) and XLM-R (Conneau et al. 2020): BERT's tensors, other positions and ids of padding."""

from textclf.models.encoder.families import bert

SETTINGS: dict[str, str] = {}
DEFAULTS = {"layer_norm_eps": 1e-12, "pad_token_id": 1, "hidden_act": "gelu", "type_vocab_size": 2}
POSITIONS_AFTER_PADDING = True
PREFIX = "roberta."  # XLM-R's too
TENSORS = bert.TENSORS
