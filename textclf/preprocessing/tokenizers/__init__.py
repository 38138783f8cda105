"""Texts -> padded rows of token ids. `TOKENIZERS` is the list of ways to do it."""

from textclf.preprocessing.module_table import ModuleTable

# One file and one line each; `tokenizer.py` says what a module must offer.
TOKENIZERS = ModuleTable(
    __name__,
    {
        "word": "word",
        "character": "character",
        "byte_pair": "byte_pair",
        "unigram": "unigram",
        "jieba": "jieba",
        "keras": "keras_compatible",
    },
)
