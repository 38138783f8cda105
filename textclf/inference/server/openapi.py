"""The OpenAPI 3.1 document, made from the tables of endpoints that the routes are made from."""

from collections.abc import Sequence

from textclf import __version__
from textclf.inference.server.app import ENDPOINTS
from textclf.inference.server.endpoint import Endpoint
from textclf.inference.server.fields import object_schema
from textclf.inference.server.problems import DESCRIPTIONS, MEDIA_TYPE, SCHEMA

WITH_BODY = (400, 408, 413, 415, 422, 504)
TOKEN = (401,)
EVERY = (403, 500, 503)


def document(models: Sequence[str]) -> dict:
    """Return the document of a server with classifiers of these names."""
    paths: dict[str, dict] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, models)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "textclf",
            "version": __version__,
            "description": "Labels of texts. Errors are problem details (RFC 9457).",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {
            "schemas": {"Problem": SCHEMA},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def statuses_of(endpoint: Endpoint) -> list[int]:
    """Return the status codes of the problems that an endpoint may answer."""
    with_body = WITH_BODY if endpoint.fields is not None else ()
    token = () if endpoint.public else TOKEN
    return sorted({*endpoint.statuses, *with_body, *token, *EVERY})


def _operation(endpoint: Endpoint, models: Sequence[str]) -> dict:
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses: dict[str, dict] = {
        "200": {"description": "Success.", "content": {endpoint.media_type: {"schema": endpoint.answer}}}
    }
    for status in statuses_of(endpoint):
        responses[str(status)] = {"description": DESCRIPTIONS[status], "content": problem}
    if 503 in statuses_of(endpoint) and endpoint.path.endswith(("/ready", "/health")):
        responses["503"]["content"] = {endpoint.media_type: {"schema": endpoint.answer}}
    operation: dict = {"summary": endpoint.summary, "operationId": _identifier(endpoint), "responses": responses}
    if "{name}" in endpoint.path:
        schema = {"type": "string", "enum": list(models)} if models else {"type": "string"}
        operation["parameters"] = [{"name": "name", "in": "path", "required": True, "schema": schema}]
    if endpoint.fields is not None:
        schema = object_schema(endpoint.fields, open=endpoint.open)
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    operation["security"] = [{}] if endpoint.public else [{}, {"token": []}]
    return operation


def _identifier(endpoint: Endpoint) -> str:
    words = endpoint.path.replace("{", "").replace("}", "").replace(".", "/").split("/")
    return "_".join([endpoint.method.lower(), *(word for word in words if word)])
