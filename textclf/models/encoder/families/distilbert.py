"""DistilBERT (Sanh et al. 2019), also its multilingual form."""

from textclf.models.encoder.tensors import TensorNames

SETTINGS = {
    "hidden_size": "dim",
    "num_hidden_layers": "n_layers",
    "num_attention_heads": "n_heads",
    "intermediate_size": "hidden_dim",
    "hidden_act": "activation",
}
DEFAULTS = {"layer_norm_eps": 1e-12, "pad_token_id": 0, "hidden_act": "gelu", "type_vocab_size": 0}
POSITIONS_AFTER_PADDING = False
PREFIX = "distilbert."
LAYER = "transformer.layer.{layer}."
TENSORS = TensorNames(
    words="embeddings.word_embeddings",
    positions="embeddings.position_embeddings",
    types=None,
    embedding_normalization="embeddings.LayerNorm",
    query=LAYER + "attention.q_lin",
    key=LAYER + "attention.k_lin",
    value=LAYER + "attention.v_lin",
    attention_output=LAYER + "attention.out_lin",
    attention_normalization=LAYER + "sa_layer_norm",
    hidden=LAYER + "ffn.lin1",
    output=LAYER + "ffn.lin2",
    output_normalization=LAYER + "output_layer_norm",
)
