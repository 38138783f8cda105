"""Keras layers -> ONNX nodes: `CONVERTERS` has one function for each layer type.

A converter takes the graph, the layer and the names of its input tensors, adds nodes, and returns the name of its
output tensor. The keys are the class names of the layers: rename a class and its key together.
"""

from collections.abc import Callable

from textclf.export.converters import attention, basic, convolution, pooling, recurrent, windows

CONVERTERS: dict[str, Callable[..., str]] = {
    "Embedding": basic.embedding,
    "FreezableEmbedding": basic.embedding,
    "QuantizedEmbedding": basic.quantized_embedding,
    "Dropout": basic.identity,
    "Dense": basic.dense,
    "Activation": basic.activation,
    "Concatenate": basic.concatenate,
    "Add": basic.add,
    "LayerNormalization": basic.layer_normalization,
    "LSTM": recurrent.lstm,
    "Bidirectional": recurrent.bidirectional,
    "MaskedConv1D": convolution.masked_convolution,
    "Positions": attention.positions,
    "MultiHeadAttention": attention.multi_head_attention,
    "SelfAttention": attention.self_attention,
    "MaxPooling": pooling.max_pooling,
    "GlobalAveragePooling1D": pooling.mean_pooling,
    "UnitNormalization": pooling.unit_normalization,
    "FirstToken": pooling.first_token,
    "Windows": windows.windows,
    "MeanOfWindows": windows.mean_of_windows,
    "AttentionPooling": pooling.attention_pooling,
    "WeightedSum": pooling.weighted_sum,
}
