"""The Open Inference Protocol v2, which KServe, Triton and Seldon clients speak (JSON bodies only).

https://github.com/kserve/open-inference-protocol, inference_rest.md. A text goes in as BYTES; `label`, `probability`
and `probabilities` come out. `label` is what `textclf predict` prints: "unsure" where the classifier abstains, and the
labels of a multi-label classifier joined by its separator.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from textclf import __version__
from textclf.inference.predict import UNSURE, Prediction
from textclf.inference.server.batching import Options
from textclf.inference.server.classifiers import Served
from textclf.inference.server.endpoint import Endpoint, Server, json_response
from textclf.inference.server.fields import Field, check_texts, received
from textclf.inference.server.problems import RequestError


class Output(NamedTuple):
    """One output tensor."""

    datatype: str
    width: Callable[[Served], list[int]]  # the shape after the number of texts
    values: Callable[[Prediction, Served], list]


def _label(prediction: Prediction, served: Served) -> list[str]:
    targets = served.classifier.targets
    return [targets.joined(prediction.labels) if prediction.labels or targets.multilabel else UNSURE]


def _probability(prediction: Prediction, served: Served) -> list[float]:
    return [max(prediction.label_probabilities or prediction.probabilities.values())]


OUTPUTS = {
    "label": Output("BYTES", lambda _: [], _label),
    "probability": Output("FP32", lambda _: [], _probability),
    "probabilities": Output(
        "FP32", lambda served: [len(served.classifier.labels)], lambda one, _: [*one.probabilities.values()]
    ),
}


TENSOR = (
    Field("name", "text", "Name of the tensor.", required=True),
    Field("shape", "shape", "Shape of the tensor: [N] or [N, 1] for N texts.", required=True),
    Field("datatype", "text", "Type of the tensor.", required=True, choices=("BYTES",)),
    Field("data", "list", "The texts, flat or nested.", required=True),
    Field("parameters", "any object", "Ignored."),
)
INFER = (
    Field("id", "text", "Returned as it is."),
    Field("parameters", "any object", "Ignored."),
    Field("inputs", "open objects", "One tensor of texts.", required=True, fields=TENSOR, length=1),
    Field(
        "outputs",
        "open objects",
        "Names of the outputs to return, each once: label, probability, probabilities. By default all.",
        fields=(Field("name", "text", "Name of an output.", required=True, choices=tuple(OUTPUTS)),),
    ),
)


async def infer(server: Server, request: Request, body: dict) -> Response:
    """Return the outputs for a tensor of texts."""
    served = server.classifiers.get(request.path_params["name"])
    texts = _texts(body["inputs"])
    names = [output["name"] for output in body["outputs"] or ()] or list(OUTPUTS)
    if len(set(names)) < len(names):
        raise RequestError(422, f"outputs: expected each output at most once, got {received(names)}.")
    predictions = await server.batcher.predict(served, texts, Options())
    outputs = [_tensor(name, predictions, served) for name in names]
    content = {"model_name": served.name, "model_version": served.version, "outputs": outputs}
    return json_response({**content, "id": body["id"]} if body["id"] is not None else content)


def _tensor(name: str, predictions: list[Prediction], served: Served) -> dict:
    output = OUTPUTS[name]
    data = [value for prediction in predictions for value in output.values(prediction, served)]
    shape = [len(predictions), *output.width(served)]
    return {"name": name, "datatype": output.datatype, "shape": shape, "data": data}


def _texts(inputs: list[dict]) -> list[str]:
    """Return the texts of the input tensor.

    Raises:
        RequestError: 422, its shape does not fit its data, or these are no texts.
    """
    [tensor] = inputs
    texts = []
    for item in tensor["data"]:
        texts.extend(item if isinstance(item, list) else [item])
    shape = tensor["shape"]
    if len(shape) not in (1, 2) or shape[1:] not in ([], [1]) or math.prod(shape) != len(texts):
        raise RequestError(422, f"inputs[0].shape: expected [{len(texts)}], the number of texts, got {shape!s:.60}.")
    return check_texts(texts, "inputs[0].data")


async def metadata(server: Server, request: Request, body: dict) -> Response:
    """Return the name and the extensions of the server."""
    return json_response({"name": "textclf", "version": __version__, "extensions": []})


async def live(server: Server, request: Request, body: dict) -> Response:
    """Return that the process answers."""
    return json_response({"live": True})


async def ready(server: Server, request: Request, body: dict) -> Response:
    """Return whether the server takes requests: 503 after SIGTERM."""
    return json_response({"ready": not server.draining}, 503 if server.draining else 200)


async def model_ready(server: Server, request: Request, body: dict) -> Response:
    """Return whether the server takes requests for a classifier."""
    served = server.classifiers.get(request.path_params["name"])
    content = {"name": served.name, "ready": not server.draining}
    return json_response(content, 503 if server.draining else 200)


async def model_metadata(server: Server, request: Request, body: dict) -> Response:
    """Return the inputs and outputs of a classifier."""
    served = server.classifiers.get(request.path_params["name"])
    outputs = [
        {"name": name, "datatype": output.datatype, "shape": [-1, *output.width(served)]}
        for name, output in OUTPUTS.items()
    ]
    inputs = [{"name": "text", "datatype": "BYTES", "shape": [-1]}]
    content = {"name": served.name, "versions": [served.version], "platform": "textclf"}
    return json_response({**content, "inputs": inputs, "outputs": outputs})


_BOOLEAN, _NAME = {"type": "boolean"}, {"type": "string"}
_TENSORS = {"type": "array", "items": {"type": "object", "required": ["name", "datatype", "shape"]}}


def _object(**properties: dict) -> dict:
    return {"type": "object", "required": list(properties), "properties": properties}


ENDPOINTS = (
    Endpoint("GET", "/v2", "The server (Open Inference Protocol).", metadata, _object(name=_NAME, version=_NAME)),
    Endpoint("GET", "/v2/health/live", "Whether the process answers.", live, _object(live=_BOOLEAN), public=True),
    Endpoint(
        "GET",
        "/v2/health/ready",
        "Whether the server takes requests. The status is 503 while it stops.",
        ready,
        _object(ready=_BOOLEAN),
        public=True,
    ),
    Endpoint(
        "GET",
        "/v2/models/{name}",
        "Inputs and outputs of a classifier.",
        model_metadata,
        _object(name=_NAME, platform=_NAME, inputs=_TENSORS, outputs=_TENSORS),
        statuses=(404,),
    ),
    Endpoint(
        "GET",
        "/v2/models/{name}/ready",
        "Whether a classifier takes requests.",
        model_ready,
        _object(name=_NAME, ready=_BOOLEAN),
        statuses=(404,),
        public=True,
    ),
    Endpoint(
        "POST",
        "/v2/models/{name}/infer",
        "Predictions as tensors. The texts are BYTES in JSON.",
        infer,
        _object(model_name=_NAME, outputs=_TENSORS),
        fields=INFER,
        open=True,
        statuses=(404,),
    ),
)
