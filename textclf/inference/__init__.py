"""Predict with a trained classifier. Imports ONNX Runtime, never TensorFlow, so that a prediction starts fast.

`classifier` loads a folder, `engine` runs its ONNX graph, `decisions` turns probabilities into labels, `predict` and
`explain` format the results. A classifier folder may come from a stranger: it is checked before it is used.
"""
