"""Every format version that classifiers were ever written in is read, and answers as it did.

A folder `formats/classifier-<version>` is kept for each, and beside it what it answered when it was written.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import textclf
from textclf.inference.classifier_files import FORMAT_VERSION

FORMATS = Path(__file__).parent / "formats"


@pytest.mark.parametrize("version", range(1, FORMAT_VERSION + 1))
def test_a_classifier_of_an_earlier_format_still_answers_the_same(version):
    folder = FORMATS / f"classifier-{version}"
    answered = json.loads(folder.with_suffix(".json").read_text(encoding="utf-8"))
    assert json.loads((folder / "classifier.json").read_text())["format_version"] == version
    classifier = textclf.load(folder)
    assert classifier.predict(answered["texts"]) == answered["labels"]
    np.testing.assert_allclose(classifier.predict_proba(answered["texts"]), answered["probabilities"], atol=2e-6)
