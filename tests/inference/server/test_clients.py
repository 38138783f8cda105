"""Programs of others get the answer of the command line. Each test needs the package of its client."""

import json
import shutil
import subprocess

import numpy as np
import pytest

import textclf
from textclf.inference.predict import predict_texts

TEXTS = ["a wonderful film", "what a waste of time", "味道很好 😀"]


@pytest.fixture
def expected(sources):
    return predict_texts(textclf.load(sources["toy_en"]), TEXTS)


def test_inference_client_of_hugging_face(running, expected):
    hub = pytest.importorskip("huggingface_hub")
    client = hub.InferenceClient(model=f"http://127.0.0.1:{running[0]}/predict")
    for prediction in expected:
        answer = client.text_classification(prediction.text)
        assert {one.label: one.score for one in answer} == pytest.approx(prediction.probabilities, abs=2e-6)
        assert answer[0].label == prediction.labels[0]
        assert len(client.text_classification(prediction.text, top_k=1)) == 1


def test_client_of_triton(running, expected):
    pytest.importorskip("geventhttpclient", reason="tritonclient[http] is not installed")
    http = pytest.importorskip("tritonclient.http")
    client = http.InferenceServerClient(f"127.0.0.1:{running[0]}")
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("toy_en")
    assert client.get_model_metadata("toy_en")["inputs"][0]["datatype"] == "BYTES"
    texts = http.InferInput("text", [len(TEXTS)], "BYTES")
    texts.set_data_from_numpy(np.array([text.encode() for text in TEXTS], object), binary_data=False)
    names = ("label", "probabilities")
    wanted = [http.InferRequestedOutput(name, binary_data=False) for name in names]
    for outputs in (wanted, None):
        result = client.infer("toy_en", [texts], outputs=outputs)
        labels = [label.decode() if isinstance(label, bytes) else label for label in result.as_numpy("label")]
        assert labels == [prediction.labels[0] for prediction in expected]
        probabilities = [list(prediction.probabilities.values()) for prediction in expected]
        assert result.as_numpy("probabilities") == pytest.approx(np.array(probabilities), abs=2e-6)
    texts.set_data_from_numpy(np.array([text.encode() for text in TEXTS], object), binary_data=True)
    with pytest.raises(Exception, match="binary_data=False"):
        client.infer("toy_en", [texts])


def test_curl(running, expected):
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    command = ["curl", "--silent", f"http://127.0.0.1:{running[0]}/v1/predict", "-d", json.dumps({"texts": TEXTS})]
    answers = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=30).stdout)["answers"]
    assert [answer["label"] for answer in answers] == [prediction.labels[0] for prediction in expected]
    for answer, prediction in zip(answers, expected, strict=True):
        assert answer["probabilities"] == pytest.approx(prediction.probabilities, abs=2e-6)
