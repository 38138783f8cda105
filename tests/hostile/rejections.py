"""What a clear error is, and checksums that fit again."""

import hashlib
import json

import numpy as np
import pytest

import textclf
from textclf.core.errors import TextclfError

PARTS = ("model.onnx", "tokenizer.json", "labels.json")
PACKED = "tokenizer.json.gz"
MOST_MB = 500
MIB = 2**20


def rejected(call):
    with pytest.raises(TextclfError) as caught:
        call()
    return is_clear(str(caught.value))


def is_clear(message):
    assert 10 < len(message) < 1000
    assert "Traceback" not in message
    assert message.count("\n") <= 3  # a config names each fault on a line
    return message


def with_checksums(folder):
    """Make the list of files fit again, as somebody would who means harm."""
    about = json.loads((folder / "classifier.json").read_text())
    about["files"] = {}
    for name in [name for name in (*PARTS, PACKED) if (folder / name).exists()]:
        content = (folder / name).read_bytes()
        about["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (folder / "classifier.json").write_text(json.dumps(about))


def predicts_or_rejects(folder):
    """A classifier of two labels gives probabilities of both, whatever is in it, or a clear error."""
    try:
        probabilities = textclf.load(folder).predict_proba(["a wonderful film", "", "好"])
    except TextclfError as error:
        is_clear(str(error))
    else:
        assert probabilities.shape == (3, 2)
        assert ((probabilities >= 0) & (probabilities <= 1)).all()
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
