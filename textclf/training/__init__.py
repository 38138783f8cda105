"""A run from start to finish: train, resume, cross-validate, find a learning rate, audit labels.

`train.train_in` is the story of a run; `training_run` is the frame around it (folder, lock, log, status in `run.json`).
Only `fitting` imports TensorFlow and Keras, and it is imported inside functions, after config and data are checked.
"""
