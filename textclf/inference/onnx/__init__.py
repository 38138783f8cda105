"""ONNX without the package `onnx`: read a model (`protobuf`), check it (`verify`), run it (`session`).

A model file may come from a stranger. Nothing here runs a graph that `verify.check_graph` has not accepted.
"""
