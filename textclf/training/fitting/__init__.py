"""Fit the networks of a training with Keras, and export them as one ONNX graph.

`ensemble.fit_networks` is the entry. For each network it calls `fit.fit_network`, which compiles it (`compile`), runs
the loop (`loop`, `state`, `callbacks`) and validates it (`validation`).
"""
