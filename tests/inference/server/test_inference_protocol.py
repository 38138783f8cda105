"""The Open Inference Protocol, version 2: the same predictions as tensors."""

import pytest

import textclf
from textclf.inference.predict import format_predictions

from .conftest import TEXTS, infer


def test_the_inference_protocol_answers_as_the_command_line(client, sources):
    for name in ("toy_en", "toy_topics", "colours"):
        classifier = textclf.load(sources[name])
        content = client.post(f"/v2/models/{name}/infer", infer(TEXTS[:5], id="7"))
        assert (content["model_name"], content["id"]) == (name, "7")
        label, probability, probabilities = content["outputs"]
        printed = [line.split("\t") for line in format_predictions(classifier, [TEXTS[:5]], "text")]
        assert label["data"] == [columns[0] for columns in printed]
        assert probability["shape"] == [5]
        assert probabilities["shape"] == [5, len(classifier.labels)]
        assert probabilities["data"] == pytest.approx(classifier.predict_proba(TEXTS[:5]).ravel().tolist(), abs=1e-6)


def test_the_inference_protocol_describes_itself(client):
    assert client.get("/v2")["name"] == "textclf"
    assert client.get("/v2/health/live") == {"live": True}
    assert client.get("/v2/health/ready") == {"ready": True}
    assert client.get("/v2/models/toy_en/ready") == {"name": "toy_en", "ready": True}
    described = client.get("/v2/models/toy_topics")
    assert [one["name"] for one in described["outputs"]] == ["label", "probability", "probabilities"]
    body = infer([["a"], ["b"]], [2, 1], outputs=[{"name": "label", "parameters": {"binary_data": False}}])
    assert [one["name"] for one in client.post("/v2/models/toy_en/infer", body)["outputs"]] == ["label"]
