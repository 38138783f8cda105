"""A run from start to finish: train, resume, cross-validate, find a learning rate, audit labels.

`train.train_run` has the steps of a run, from top to bottom; `training_run` is the frame around them (folder, lock,
log, status in `run.json`).
Only `fitting` imports TensorFlow and Keras, and it is imported inside functions, after config and data are checked.
"""
