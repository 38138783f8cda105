"""Measure a classifier: metrics, calibration, thresholds, label errors, comparison of runs, and the report.

Everything here works on true labels and probabilities, without TensorFlow. `evaluate` predicts with the classifier of a
run; `predictions_file` reads what it wrote, and `compare` and `report` start from there.
"""
