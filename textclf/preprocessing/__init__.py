"""Texts in, arrays out: normalization, tokenizers with their vocabularies, n-grams, and a cache of encoded texts.

A `Preprocessor` learns from the training texts, is saved as `tokenizer.json`, and then encodes any text to the same
arrays everywhere: one text alone and among millions, in training and in prediction. Nothing here imports TensorFlow.
"""
