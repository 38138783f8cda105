"""The real all-MiniLM-L6-v2 gives what transformers and PyTorch give (`make_references.py`)."""

import json

import keras
import numpy as np
import pytest

from tests.pretrained import REFERENCES
from textclf.core.encoder_source import resolve
from textclf.core.errors import DataError
from textclf.models import build_model
from textclf.models.encoder import Options
from textclf.models.sizes import Sizes
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.tokenizers import pretrained


@pytest.mark.slow
def test_ids_and_vectors_are_those_of_the_reference(here):
    try:
        resolve("minilm")
    except DataError as error:
        pytest.skip(str(error))
    texts = json.loads((REFERENCES / "texts.json").read_text(encoding="utf-8"))
    with np.load(REFERENCES / "minilm.npz") as file:
        expected = dict(file)
    preprocessor = Preprocessor.fit(pretrained.Options(weights="minilm"), texts)
    arrays = preprocessor.encode_arrays(texts)
    np.testing.assert_array_equal(arrays["token_ids"].values, expected["ids"])
    inputs = preprocessor.pad(arrays)
    for tuned, most in ((True, 1e-4), (False, 0.05)):  # a table in 8 bits differs by roundings of 1 in 254
        model = build_model(Options(tune_embedding=tuned), Sizes(preprocessor.num_ids, 256), num_outputs=2)
        pooled = keras.Model(model.inputs, model.get_layer("pooling").output)
        assert np.abs(np.asarray(pooled(inputs)) - expected["pooled"]).max() < most
