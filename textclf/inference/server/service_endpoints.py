"""Health, metrics, the classifiers in service, reload, and the OpenAPI document."""

from starlette.requests import Request
from starlette.responses import Response

from textclf.inference.server.endpoint import Endpoint, Server, json_response
from textclf.inference.server.limits import LIMITS
from textclf.inference.server.metrics import merged_text
from textclf.inference.server.problems import RequestError

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
_TEXT = {"type": "string"}
_NULLABLE = {"type": ["string", "null"]}


async def health(server: Server, request: Request, body: dict) -> Response:
    """Return the state of the server and its classifiers; 503 after SIGTERM."""
    models = {served.name: served.version for served in server.classifiers.all()}
    status = "stopping" if server.draining else "ok"
    return json_response({"status": status, "models": models}, 503 if server.draining else 200)


async def ping(server: Server, request: Request, body: dict) -> Response:
    """Return `pong`."""
    return Response("pong", media_type="text/plain")


async def metrics(server: Server, request: Request, body: dict) -> Response:
    """Return the metrics of all workers in Prometheus's text format."""
    content = server.metrics.text() if server.channel is None else merged_text(await server.channel.ask("metrics"))
    return Response(content, media_type=PROMETHEUS)


async def models(server: Server, request: Request, body: dict) -> Response:
    """Return the classifiers in service, and the limits of a request."""
    described = [served.description for served in server.classifiers.all()]
    return json_response({"models": described, "limits": LIMITS._asdict()})


async def reload(server: Server, request: Request, body: dict) -> Response:
    """Load all classifiers again, in all workers, and swap those that load."""
    if server.token is None:
        raise RequestError(403, "expected a server with a token, but this server has none. Start it with --token-file.")
    if server.channel is None:
        results = await server.classifiers.reload()
    else:
        results = merged_results(await server.channel.ask("reload"))
    reasons = [f"{name}: {result['reason']}" for name, result in results.items() if "reason" in result]
    if reasons:
        raise RequestError(409, "The old classifier stays in service. " + " ".join(reasons), models=results)
    return json_response({"models": results})


def merged_results(of_workers: list[dict[str, dict]]) -> dict[str, dict]:
    """Return the result of a reload by name: "failed" if one worker failed."""
    results: dict[str, dict] = {}
    for name, result in (pair for worker in of_workers for pair in worker.items()):
        if name not in results or "reason" in result:
            results[name] = result
    return results


async def openapi(server: Server, request: Request, body: dict) -> Response:
    """Return the OpenAPI document."""
    from textclf.inference.server.openapi import document

    return json_response(document([served.name for served in server.classifiers.all()]))


_MODEL = {
    "type": "object",
    "required": ["name", "run", "version", "type", "labels", "takes_threshold"],
    "properties": {
        "name": _TEXT,
        "run": _TEXT,
        "version": {**_TEXT, "description": "The first digits of a checksum of its files."},
        "type": {"enum": ["binary", "multiclass", "multilabel"]},
        "labels": {"type": "array", "items": _TEXT},
        "separator": {**_TEXT, "description": "Between several labels of a text, in CSV files."},
        "takes_threshold": {"type": "boolean"},
        "thresholds": {"type": ["array", "null"], "items": {"type": "number"}},
        "abstain_below": {"type": ["number", "null"]},
        "text_column": _TEXT,
        "loaded": _TEXT,
        "trained": _NULLABLE,
        "scores": {"type": ["object", "null"]},
    },
}
_RESULTS = {"type": "object", "required": ["models"], "properties": {"models": {"type": "object"}}}
_HEALTH = {
    "type": "object",
    "required": ["status", "models"],
    "properties": {"status": {"enum": ["ok", "stopping"]}, "models": {"type": "object", "additionalProperties": _TEXT}},
}
ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/models",
        "Labels, scores and dates of the classifiers in service, and the limits of a request.",
        models,
        {
            "type": "object",
            "required": ["models", "limits"],
            "properties": {"models": {"type": "array", "items": _MODEL}, "limits": {"type": "object"}},
        },
    ),
    Endpoint("GET", "/health", "State of the server, with status 503 while it stops.", health, _HEALTH, public=True),
    Endpoint("GET", "/ping", "`pong`.", ping, _TEXT, public=True, media_type="text/plain; charset=utf-8"),
    Endpoint(
        "GET",
        "/metrics",
        "Metrics for Prometheus.",
        metrics,
        _TEXT,
        statuses=(504,),
        public=True,
        media_type=PROMETHEUS,
    ),
    Endpoint(
        "POST",
        "/reload",
        "Load the classifiers again. The server must have a token.",
        reload,
        _RESULTS,
        statuses=(409, 504),
    ),
    Endpoint("GET", "/openapi.json", "This description.", openapi, {"type": "object"}, public=True),
)
