"""The application: routes from the tables of endpoints, and what happens around every one of them."""

import asyncio
import logging
import time
import traceback
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from textclf.core.files import parse_json
from textclf.core.formatting import short_repr
from textclf.inference.server import inference_protocol, page, predict_endpoints, service_endpoints
from textclf.inference.server.access import check_host, check_token
from textclf.inference.server.bodies import read_body
from textclf.inference.server.endpoint import Endpoint, Server
from textclf.inference.server.fields import parse_object
from textclf.inference.server.limits import LIMITS
from textclf.inference.server.problems import RequestError

log = logging.getLogger(__name__)

MODULES = (predict_endpoints, inference_protocol, service_endpoints, page)
ENDPOINTS: tuple[Endpoint, ...] = tuple(endpoint for module in MODULES for endpoint in module.ENDPOINTS)
NO_ROUTE = "(no endpoint)"  # in metrics: paths that are none of ours are counted together
CLIENT_GONE = 499  # in metrics, as nginx writes it
BINARY_HEADER = b"inference-header-content-length"


def make_app(server: Server, allow_origins: Sequence[str] = ()) -> ASGIApp:
    """Return the ASGI application."""
    guarded = {(one.method, one.path): Guarded(server, one) for one in ENDPOINTS}
    router = _make_router(server, guarded)
    direct = {key: one for key, one in guarded.items() if "{" not in key[1]}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        # A router tries one pattern after the other, within two more layers.
        await direct.get((scope["method"], scope["path"]), router)(scope, receive, send)

    if not allow_origins:
        return app
    headers = ["authorization", "content-type"]
    return CORSMiddleware(app, allow_origins=list(allow_origins), allow_methods=["GET", "POST"], allow_headers=headers)


def _make_router(server: Server, guarded: "dict[tuple[str, str], Guarded]") -> Starlette:
    """Return the application for paths with a name in them, for HEAD, and for what is no endpoint."""

    async def no_route(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        path = short_repr(request.url.path)
        detail = f"expected the path of an endpoint, see /openapi.json, got {path}."
        if allowed := (error.headers or {}).get("Allow"):
            detail = f"expected {allowed} for {path}, got {request.method}."
        server.metrics.count_request(NO_ROUTE, error.status_code, 0)
        response = RequestError(error.status_code, detail, error.headers).response()
        return _closing(response) if server.draining else response

    routes = [Route(path, endpoint, methods=[method]) for (method, path), endpoint in guarded.items()]
    router = Starlette(routes=routes, exception_handlers={HTTPException: no_route})
    router.router.redirect_slashes = False
    return router


class Guarded:
    """An ASGI application around one endpoint: checks who asks, reads the body, counts; problems become responses.

    Starlette calls an object directly, and a function through two more layers, which take a tenth of a request.
    """

    def __init__(self, server: Server, endpoint: Endpoint):
        self._server, self._endpoint = server, endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = time.perf_counter()
        response = await self._response(Request(scope, receive, send))
        if self._server.draining:
            _closing(response)
        seconds = time.perf_counter() - started
        self._server.metrics.count_request(self._endpoint.path, response.status_code, seconds)
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        try:
            return await _answer(self._server, self._endpoint, request)
        except RequestError as problem:
            return problem.response()
        except ClientDisconnect:
            return Response(status_code=CLIENT_GONE)
        except Exception as error:
            # Its message may hold a text of the request, which no log may.
            trace = "".join(traceback.format_tb(error.__traceback__))
            log.error("internal error in %s: %s\n%s", self._endpoint.path, type(error).__name__, trace)
            detail = f"internal error ({type(error).__name__}); the server's log has more."
            return RequestError(500, detail).response()


def _closing(response: Response) -> Response:
    """Return a response after which the connection ends."""
    response.headers["connection"] = "close"
    return response


async def _answer(server: Server, endpoint: Endpoint, request: Request) -> Response:
    pairs = request.scope["headers"]
    headers = dict(pairs)  # faster than Starlette's
    if len(headers) < len(pairs) and [name for name, _ in pairs].count(b"host") > 1:
        raise RequestError(400, "Host: expected one header, got several, of which a proxy may have read another.")
    check_host(headers, server.allow_hosts)
    if server.token is not None and not endpoint.public:
        check_token(headers, server.token)
    body: dict | None = None if endpoint.fields is not None else {}
    task = server.deadlines.start()
    try:
        if body is None:
            content = await _json_body(request, headers)
            body = parse_object(endpoint.fields or (), content, open=endpoint.open)
            server.deadlines.start()  # again: a body that came slowly leaves its answer as much time
        return await endpoint.handler(server, request, body)
    except asyncio.CancelledError:
        if not server.deadlines.is_late(task):
            raise
        if body is None:
            raise RequestError(408, f"expected the whole body within {LIMITS.seconds:g} s.") from None
        hint = "The server's log may have more." if endpoint.fields is None else "Send fewer or shorter texts."
        raise RequestError(504, f"expected an answer within {LIMITS.seconds:g} s. {hint}") from None
    finally:
        server.deadlines.end(task)


async def _json_body(request: Request, headers: dict[bytes, bytes]) -> object:
    """Return the parsed body.

    Raises:
        RequestError: too large, compressed, binary, or not JSON.
    """
    encoding = headers.get(b"content-encoding", b"identity").decode("latin-1")
    if encoding.lower() != "identity":
        raise RequestError(415, f"expected a body that is not compressed, got content-encoding {encoding!r:.60}.")
    if BINARY_HEADER in headers:
        raise RequestError(
            400,
            "expected texts in JSON, got the binary extension of the protocol. "
            "In tritonclient: set_data_from_numpy(texts, binary_data=False).",
        )
    body = await read_body(request, headers)
    try:
        return parse_json(body)
    except ValueError as error:
        hint = "" if body else " (the body is empty)"
        raise RequestError(400, f"expected a body of JSON: {error!s:.200}{hint}.") from None
