"""`POST /predict` for clients of Hugging Face, and `POST /v1/predict` with lines of `predict --format jsonl`."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from textclf.core.errors import DataError
from textclf.inference.explain import explain, explained_labels, explanation_to_dict
from textclf.inference.predict import UNSURE, Prediction
from textclf.inference.server.batching import Options
from textclf.inference.server.classifiers import Served
from textclf.inference.server.endpoint import Endpoint, Server, json_response
from textclf.inference.server.fields import Field, received
from textclf.inference.server.limits import LIMITS
from textclf.inference.server.problems import RequestError

THRESHOLD = Field(
    "threshold",
    "probability",
    "Minimum probability for predicting the positive label, or each label of a multi-label classifier. "
    "By default as in training.",
)
TOP_K = Field("top_k", "count", "Number of most probable labels in the answer. By default all.")
PREDICT = (
    Field("inputs", "texts", "A text or a list of texts.", required=True),
    Field("parameters", "object", "Options.", fields=(TOP_K, THRESHOLD)),
)
V1_PREDICT = (
    Field("texts", "texts", "A text or a list of texts.", required=True),
    Field("model", "text", "Name of a classifier. By default the first."),
    THRESHOLD,
    TOP_K,
    Field(
        "explain",
        "boolean",
        f"Add the effect of each word, for at most {LIMITS.explained_texts} texts of "
        f"{LIMITS.explained_characters:,} characters.",
    ),
)
PROBABILITY = {"type": "number", "minimum": 0, "maximum": 1}
LABEL_AND_SCORE = {
    "type": "object",
    "required": ["label", "score"],
    "properties": {"label": {"type": "string"}, "score": PROBABILITY},
}
EFFECT = {
    "type": "object",
    "required": ["start", "end", "word", "effect"],
    "properties": {
        "start": {"type": "integer", "description": "In code points, not in UTF-16 units."},
        "end": {"type": "integer"},
        "word": {"type": "string"},
        "effect": {"type": "number", "description": "Fall of the probability without the word."},
    },
}
ANSWER = {
    "type": "object",
    "description": "A line of `textclf predict --format jsonl`.",
    "required": ["text", "probabilities"],
    "properties": {
        "text": {"type": "string"},
        "label": {"type": ["string", "null"], "description": "null if the classifier abstains."},
        "labels": {"type": "array", "items": {"type": "string"}, "description": "Of a multi-label classifier."},
        "probability": PROBABILITY,
        "probabilities": {"type": "object", "additionalProperties": PROBABILITY},
        "explanation": {"type": "object", "additionalProperties": {"type": "array", "items": EFFECT}},
    },
}


async def predict(server: Server, request: Request, body: dict) -> Response:
    """Return `[[{"label", "score"}]]`: for each text its labels, the predicted ones first, then the best first."""
    served = server.classifiers.get(request.path_params.get("name"))
    parameters = body["parameters"] or {}
    options = checked_options(served, parameters.get("threshold"), None)
    predictions = await server.batcher.predict(served, body["inputs"], options)
    only_predicted = options.threshold is not None and served.classifier.targets.multilabel
    top_k = parameters.get("top_k")
    return json_response([labels_and_scores(one, served, only_predicted)[:top_k] for one in predictions])


def labels_and_scores(prediction: Prediction, served: Served, only_predicted: bool) -> list[dict]:
    """Return the labels of a text, so that the first one is what the command line answers.

    Where the classifier abstains it is "unsure".
    """
    predicted = set(prediction.labels)
    ranked = sorted(prediction.probabilities.items(), key=lambda pair: (pair[0] not in predicted, -pair[1]))
    unsure = not (predicted or served.classifier.targets.multilabel)
    pairs = [(UNSURE, prediction.label_probabilities[0])] if unsure else []
    pairs += [pair for pair in ranked if pair[0] in predicted or not only_predicted]
    return [{"label": label, "score": score} for label, score in pairs]


async def v1_predict(server: Server, request: Request, body: dict) -> Response:
    """Return `{"model", "answers": [lines of `predict --format jsonl`]}`."""
    served = server.classifiers.get(body["model"])
    options = checked_options(served, body["threshold"], body["top_k"])
    if body["explain"]:
        _check_explained(body["texts"])
        functions = [partial(explained, served, text, options) for text in body["texts"]]
        answers = await server.explainer.run(functions)
    else:
        targets = served.classifier.targets
        predictions = await server.batcher.predict(served, body["texts"], options)
        answers = [prediction.to_dict(targets) for prediction in predictions]
    return json_response({"model": served.name, "answers": answers})


def explained(served: Served, text: str, options: Options) -> dict:
    """Return what `predict --explain --format jsonl` prints."""
    classifier = served.classifier
    explanation = explain(classifier, text, **options._asdict())
    labels = explained_labels(explanation, classifier.labels, only_top=options.top_k is not None)
    return explanation_to_dict(explanation, labels, classifier)


def checked_options(served: Served, threshold: float | None, top_k: int | None) -> Options:
    """Return the options after checking that the classifier takes a threshold.

    Raises:
        RequestError: 422, it does not.
    """
    if threshold is not None:
        try:
            served.classifier.decision.with_threshold(threshold, served.classifier.targets)
        except DataError as error:
            raise RequestError(422, f"threshold: {error}") from None
    return Options(threshold, top_k)


def _check_explained(texts: list[str]) -> None:
    if len(texts) > LIMITS.explained_texts:
        limit = f"at most {LIMITS.explained_texts} texts with explain"
        raise RequestError(422, f"texts: expected {limit}, got {received(texts)}.")
    for index, text in enumerate(texts):
        if len(text) > LIMITS.explained_characters:
            limit = f"at most {LIMITS.explained_characters:,} characters with explain"
            raise RequestError(422, f"texts[{index}]: expected {limit}, got {len(text):,}.")


_ANSWERED = {"type": "array", "items": {"type": "array", "items": LABEL_AND_SCORE}}
ENDPOINTS = (
    Endpoint(
        "POST",
        "/predict",
        "Labels and scores of texts, the predicted labels first, for clients of Hugging Face.",
        predict,
        _ANSWERED,
        fields=PREDICT,
    ),
    Endpoint(
        "POST",
        "/v1/predict",
        "Predictions as `textclf predict --format jsonl` prints them, with explanations.",
        v1_predict,
        {
            "type": "object",
            "required": ["model", "answers"],
            "properties": {"model": {"type": "string"}, "answers": {"type": "array", "items": ANSWER}},
        },
        fields=V1_PREDICT,
        statuses=(404,),
    ),
    Endpoint(
        "POST",
        "/predict/{name}",
        "The same as `/predict`, by a classifier of that name.",
        predict,
        _ANSWERED,
        fields=PREDICT,
        statuses=(404,),
    ),
)
