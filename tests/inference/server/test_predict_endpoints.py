"""Predictions over HTTP: those of the command line, of /predict and of /v1/predict."""

import copy
import json

import pytest

import textclf
from textclf.inference.decisions import Decision
from textclf.inference.explain import format_explanations
from textclf.inference.predict import format_predictions

from .conftest import TEXTS, Client, infer, serving

OPTIONS = [{}, {"top_k": 1}, {"top_k": 2}, {"threshold": 0.2}, {"threshold": 0.9}]


def lines(classifier, texts, function=format_predictions, **options):
    """What the command line prints for texts."""
    from textclf.core.text_column import text_array

    chunks = [text_array(texts).to_pylist()]
    return [json.loads(line) for line in function(classifier, chunks, "jsonl", **options)]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", ["toy_en", "toy_topics", "toy_zh", "colours"])
def test_v1_answers_as_the_command_line(client, sources, name, options):
    classifier = textclf.load(sources[name])
    if "threshold" in options and classifier.targets.type == "multiclass":
        status, content, _ = client.ask("POST", "/v1/predict", {"texts": TEXTS, "model": name, **options})
        assert (status, "multiclass" in content["detail"]) == (422, True)
        return
    for explain, function in ((False, format_predictions), (True, format_explanations)):
        content = client.post("/v1/predict", {"texts": TEXTS, "model": name, "explain": explain, **options})
        assert content["model"] == name
        assert content["answers"] == approximately(lines(classifier, TEXTS, function, **options))


def approximately(value):
    """The same with numbers up to 1e-6: texts that are predicted together may differ in the last digit."""
    if isinstance(value, float):
        return pytest.approx(value, abs=2e-6)
    if isinstance(value, list):
        return [approximately(item) for item in value]
    return {key: approximately(item) for key, item in value.items()} if isinstance(value, dict) else value


def test_one_text_is_a_list_of_one(client):
    assert client.post("/v1/predict", {"texts": "fine"}) == client.post("/v1/predict", {"texts": ["fine"]})
    assert client.post("/predict", {"inputs": "fine"}) == client.post("/predict", {"inputs": ["fine"]})
    assert client.post("/predict", {"inputs": []}) == []


@pytest.mark.parametrize("name", ["toy_en", "toy_topics", "colours"])
def test_predict_gives_nested_lists_with_the_best_first(client, sources, name):
    classifier = textclf.load(sources[name])
    content = client.post(f"/predict/{name}", {"inputs": TEXTS[:3]})
    for scores, expected in zip(content, lines(classifier, TEXTS[:3]), strict=True):
        assert {one["label"]: one["score"] for one in scores} == approximately(expected["probabilities"])
        assert [one["score"] for one in scores] == sorted((one["score"] for one in scores), reverse=True)
    top = client.post(f"/predict/{name}", {"inputs": TEXTS[:3], "parameters": {"top_k": 1}})
    assert top == [scores[:1] for scores in content]


def test_the_first_label_of_predict_is_the_answer_of_the_command_line(client, sources):
    classifier = textclf.load(sources["toy_en"])
    for threshold in (0.0, 0.3, 0.55, 1.0):
        content = client.post("/predict", {"inputs": TEXTS, "parameters": {"threshold": threshold}})
        expected = [line["label"] for line in lines(classifier, TEXTS, threshold=threshold)]
        assert [scores[0]["label"] for scores in content] == expected


def test_a_threshold_of_many_labels_leaves_the_predicted_ones(client, sources):
    classifier = textclf.load(sources["colours"])
    body = {"inputs": ["cherry and sky", "a plain day"], "parameters": {"threshold": 0.5}}
    found = [{one["label"] for one in scores} for scores in client.post("/predict/colours", body)]
    assert found == [set(line["labels"]) for line in lines(classifier, body["inputs"], threshold=0.5)]


def test_unsure_is_unsure_on_every_way(sources):
    with serving({"toy_en": sources["toy_en"]}) as (port, server):
        [served] = server.classifiers.all()
        unsure = copy.copy(served.classifier)
        unsure.decision = Decision(abstain_below=1.0)
        server.classifiers._served = {"toy_en": served._replace(classifier=unsure)}
        client = Client(port)
        assert client.post("/v1/predict", {"texts": "film"})["answers"][0]["label"] is None
        assert client.post("/predict", {"inputs": "film"})[0][0]["label"] == "unsure"
        outputs = client.post("/v2/models/toy_en/infer", infer(["film"]))["outputs"]
        assert outputs[0]["data"] == ["unsure"]
        assert b'textclf_answers_total{label="unsure",model="toy_en"} 3.0' in client.get("/metrics")
