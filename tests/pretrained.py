"""Tiny pretrained encoders with random weights (`tests/models/encoder/make_references.py`), for many tests."""

from pathlib import Path

from textclf.core.options import fields_of
from textclf.preprocessing.tokenizers import TOKENIZERS

REFERENCES = Path(__file__).parent / "models/encoder/references"
BERT = str(REFERENCES / "bert")


def tokenizer_options(name: str, **settings):
    """The options of a tokenizer, with those of `settings` that it has. `pretrained` reads a tiny encoder."""
    form = TOKENIZERS[name].Options
    known = fields_of(form)
    pretrained = {"weights": BERT} if "weights" in known else {}
    return form(**pretrained, **{setting: value for setting, value in settings.items() if setting in known})
