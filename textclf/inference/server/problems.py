"""Errors over HTTP: `application/problem+json` (RFC 9457).

The member `error` repeats `detail`, because clients of the Open Inference Protocol and of Hugging Face read that.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
CLOSES = {400, 408, 413, 431}  # the rest of the request may not have been read, so the connection ends


class RequestError(Exception):
    """An error that becomes the response of a request; `detail` says what was expected and what was received."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None, **members: object):
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = members

    def response(self) -> Response:
        """Return the response."""
        title = HTTPStatus(self.status).phrase
        content = {"type": "about:blank", "title": title, "status": self.status, "detail": self.detail}
        body = json.dumps({**content, "error": self.detail, **self.members}, ensure_ascii=False)
        closing = {"connection": "close"} if self.status in CLOSES else {}
        return Response(body.encode(errors="backslashreplace"), self.status, {**self.headers, **closing}, MEDIA_TYPE)


SCHEMA = {
    "type": "object",
    "description": "RFC 9457; `error` repeats `detail`.",
    "required": ["type", "title", "status", "detail", "error"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What the server expected and what it received."},
        "error": {"type": "string"},
    },
}
DESCRIPTIONS = {
    400: "The body is not JSON.",
    401: "The token is missing or wrong.",
    403: "The Host header names another server, or the request needs a server with a token.",
    404: "There is no classifier of this name, or no such endpoint.",
    405: "The endpoint expects another method.",
    408: "The body did not arrive in time.",
    409: "A new classifier did not load. The old one stays in service.",
    413: "The body is too large.",
    415: "The body is compressed or binary.",
    422: "The body is JSON, but its content is not valid.",
    500: "An internal error.",
    503: "Too many requests wait, or the server is stopping. Try again after the time in Retry-After.",
    504: "The answer took too long.",
}
