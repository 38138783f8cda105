"""Texts -> padded rows of token ids. `TOKENIZERS` is the list of ways to do it."""

from textclf.preprocessing import keras_compatible, word

# One file and one line each; `tokenizer.py` says what a module must offer.
TOKENIZERS = {
    "word": word,
    "keras": keras_compatible,
}
