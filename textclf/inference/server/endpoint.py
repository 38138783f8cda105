"""What an endpoint is, and what its functions get."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from textclf.inference.server.deadlines import Deadlines
from textclf.inference.server.fields import Field

if TYPE_CHECKING:
    from textclf.inference.server.batching import Batcher, BoundedThread
    from textclf.inference.server.channel import Channel
    from textclf.inference.server.classifiers import Classifiers
    from textclf.inference.server.metrics import Metrics


@dataclass
class Server:
    """What all requests share."""

    classifiers: "Classifiers"
    batcher: "Batcher"
    explainer: "BoundedThread"
    metrics: "Metrics"
    token: bytes | None = None
    allow_hosts: frozenset[str] | None = None  # names in the Host header; None: all
    channel: "Channel | None" = None  # to the other workers, if there are any
    deadlines: Deadlines = field(default_factory=Deadlines)
    draining: bool = field(default=False)  # SIGTERM has arrived


Handler = Callable[[Server, Request, dict], Awaitable[Response]]


class Endpoint(NamedTuple):
    """One route: the application, the OpenAPI document and the page of documents read it."""

    method: str
    path: str
    summary: str
    handler: Handler
    answer: dict  # JSON Schema of the response
    fields: tuple[Field, ...] | None = None  # of the body; None: no body is read
    open: bool = False  # unknown fields are ignored
    statuses: tuple[int, ...] = ()  # of problems, besides those of every endpoint of its kind
    public: bool = False  # no token is needed
    media_type: str = "application/json"


_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode  # `json.dumps` makes an encoder a call


def json_response(content: object, status: int = 200) -> Response:
    """Return JSON in UTF-8. Half of a surrogate pair, which UTF-8 cannot have, becomes an escape of JSON."""
    return Response(_encode(content).encode(errors="backslashreplace"), status, media_type="application/json")
