"""Convert a trained Keras model to ONNX: `onnx.build_graph`, with one function per layer type in `converters`.

Reads models and returns ONNX messages; writes no files and knows nothing of a training. `onnx.checker` checks every
graph. `quantization` makes a graph smaller.
"""
