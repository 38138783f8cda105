"""BERT (Devlin et al. 2019): also MiniLM, BGE, E5, GTE, and most Chinese and multilingual BERTs."""

from textclf.models.encoder.tensors import TensorNames

SETTINGS: dict[str, str] = {}
DEFAULTS = {"layer_norm_eps": 1e-12, "pad_token_id": 0, "hidden_act": "gelu", "type_vocab_size": 2}
POSITIONS_AFTER_PADDING = False
PREFIX = "bert."
LAYER = "encoder.layer.{layer}."
TENSORS = TensorNames(
    words="embeddings.word_embeddings",
    positions="embeddings.position_embeddings",
    types="embeddings.token_type_embeddings",
    embedding_normalization="embeddings.LayerNorm",
    query=LAYER + "attention.self.query",
    key=LAYER + "attention.self.key",
    value=LAYER + "attention.self.value",
    attention_output=LAYER + "attention.output.dense",
    attention_normalization=LAYER + "attention.output.LayerNorm",
    hidden=LAYER + "intermediate.dense",
    output=LAYER + "output.dense",
    output_normalization=LAYER + "output.LayerNorm",
)
