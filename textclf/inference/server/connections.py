"""Connections: how long a client may take, and how large its headers may be. uvicorn limits neither."""

import asyncio
import ctypes
import socket
import struct
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from textclf.core.errors import TextclfError
from textclf.inference.server.joined_writes import JoinedWrites
from textclf.inference.server.limits import LIMITS
from textclf.inference.server.problems import RequestError

BACKLOG = 2048
SO_ATTACH_FILTER, BPF_RETURN = 26, 6  # of Linux; the module socket does not have them


class LimitedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with a limit on the bytes of the headers and trailers of a request."""

    _in_headers = False  # a request has begun, and its headers are not complete; or trailers may follow a chunk
    _only_headers = False  # the piece that is being parsed had nothing else
    _header_bytes = 0  # of the request, that arrived in earlier pieces
    _piece_bytes = 0  # of the piece that is being parsed
    _problem: RequestError | None = None  # of what follows the requests that are being answered

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin a connection."""
        super().connection_made(JoinedWrites(transport))  # type: ignore[arg-type]

    def on_response_complete(self) -> None:
        """Send the head of a response without a body, and go on to the next request."""
        self.transport.flush()  # type: ignore[attr-defined]
        was_last = not self.pipeline
        super().on_response_complete()
        if was_last and self._problem is not None and not self.transport.is_closing():
            self._refuse(self._problem)

    def on_message_begin(self) -> None:
        """Begin to count."""
        self._in_headers, self._only_headers, self._header_bytes = True, False, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Check the size, and start the request."""
        self._in_headers = False
        if self._header_bytes + self._piece_bytes > LIMITS.header_bytes:  # with a part of the body, perhaps
            self._header_bytes = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if self._header_bytes > LIMITS.header_bytes:
                raise ValueError("too many bytes of headers")  # the parser stops and calls `send_400_response`
        super().on_headers_complete()

    def on_chunk_header(self) -> None:
        """Count again: trailers may follow. They go where no request reads them; a header of that name could pass."""
        self._in_headers, self.headers = True, []

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body, which is no header."""
        self._in_headers = self._only_headers = False
        super().on_body(body)

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived, unless the connection is closing, or will be: its client has been answered."""
        if self._problem is not None or self.transport.is_closing():
            return
        self._only_headers, self._piece_bytes = self._in_headers, len(data)
        super().data_received(data)
        if self._in_headers and self._only_headers:  # of one request
            self._header_bytes += len(data)
            if self._header_bytes > LIMITS.header_bytes and not self.transport.is_closing():
                self.send_400_response("too many bytes of headers")

    def shutdown(self) -> None:
        """Close when the server stops; a new connection, whose first request may be on its way, a little later."""
        if self.cycle is None:
            self.loop.call_later(LIMITS.first_request_seconds, self._close_unused)
        else:
            super().shutdown()

    def _close_unused(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, or has too large headers, with a problem, and close; after the requests before it."""
        problem = RequestError(400, "expected a request of HTTP/1.1, got something else.")
        if self._header_bytes > LIMITS.header_bytes:
            problem = RequestError(
                431, f"expected at most {LIMITS.header_bytes:,} bytes of headers and trailers, got more."
            )
        cycle = self.cycle
        is_in_body = cycle is not None and cycle.more_body
        if is_in_body and self.pipeline:
            self.pipeline.popleft()  # the request with this body
        elif cycle is None or cycle.response_complete or is_in_body:
            self._refuse(problem)
            return
        self._problem = problem

    def _refuse(self, problem: RequestError) -> None:
        response = problem.response()
        self.transport.write(STATUS_LINE[problem.status])
        for name, value in response.raw_headers:
            self.transport.write(name + b": " + value + b"\r\n")
        self.transport.write(b"\r\n" + bytes(response.body))
        self.transport.close()


class Sweeper:
    """Ends connections whose client takes too long. Called about once a second."""

    def __init__(self) -> None:
        self._since: dict[HttpToolsProtocol, tuple[object, float]] = {}

    def sweep(self, connections: Iterable[Any], now: float | None = None) -> int:
        """Abort the connections that have been in the same state for too long, and return how many.

        Args:
            connections: uvicorn's protocols.
            now: seconds of a monotonic clock.
        """
        now = time.monotonic() if now is None else now
        before, self._since, ended = self._since, {}, 0
        for connection in connections:
            state, seconds = _state(connection)
            known, since = before.get(connection, (None, now))
            if known != state:
                since = now
            if now - since > seconds:
                connection.transport.abort()
                ended += 1
            else:
                self._since[connection] = (state, since)
        return ended


def _state(connection: Any) -> tuple[object, float]:
    """Return what a connection waits for, and how many seconds it may."""
    cycle = connection.cycle
    if cycle is None:
        return "first request", LIMITS.header_seconds
    if not cycle.response_complete:
        return cycle, LIMITS.connection_seconds
    if connection.timeout_keep_alive_task is None:  # the next request has begun to arrive
        return ("next request", cycle), LIMITS.header_seconds
    return "keep-alive", float("inf")


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    It is made with IPPROTO_TCP: asyncio sets TCP_NODELAY only then, and without it each request on a kept connection
    takes 44 ms instead of 0.2 ms.

    Raises:
        TextclfError: the address cannot be used.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise TextclfError(f"cannot listen on {host}:{port}: {reason}. Choose another --host or --port.") from None
    return listener


def accept_all(listener: socket.socket) -> list[socket.socket]:
    """Accept the connections that wait, close the listening socket, and return them."""
    _drop_new(listener)
    listener.setblocking(False)
    accepted: list[socket.socket] = []
    with listener:
        while True:
            try:
                connection, _ = listener.accept()
            except BlockingIOError:
                return accepted
            connection.setblocking(False)
            accepted.append(connection)


def _drop_new(listener: socket.socket) -> None:
    """Drop the packets of new connections, on Linux: one that came after the last `accept` would be reset at the close.

    Its client tries again after a second, and is refused.
    """
    if sys.platform != "linux":
        return
    instruction = ctypes.create_string_buffer(struct.pack("HBBI", BPF_RETURN, 0, 0, 0))  # return 0: keep no byte
    with suppress(OSError):
        program = struct.pack("HP", 1, ctypes.addressof(instruction))
        listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
