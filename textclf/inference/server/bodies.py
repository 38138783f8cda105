"""Read the body of a request within the limits of size, time and memory."""

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from textclf.inference.server.limits import LIMITS
from textclf.inference.server.problems import RequestError


class _Arriving:
    num_bytes = 0  # kept of the bodies that arrive in parts, of all requests


async def read_body(request: Request, headers: dict[bytes, bytes]) -> bytes:
    """Return the body.

    Raises:
        RequestError: too large, or too many bodies arrive at the same time.
        ClientDisconnect: the client is gone.
    """
    announced = headers.get(b"content-length", b"")
    size = int(announced[:12]) if announced.isdigit() else 0
    if size > LIMITS.body_bytes:
        if size > LIMITS.discarded_bytes or b"expect" in headers:
            raise _too_large(size)
        raise _too_large(await _discard(request))
    message = await request.receive()
    if message["type"] == "http.request" and not message.get("more_body"):  # most are short, and have arrived
        return message.get("body", b"")
    body = bytearray()
    try:
        if await _gather(request, message, body):
            raise _too_large(len(body) + await _discard(request))
        return bytes(body)
    finally:
        _Arriving.num_bytes -= len(body)


async def _gather(request: Request, message: Message, body: bytearray) -> bool:
    """Append the body as it arrives, and return whether it is too large."""
    while True:
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        body += chunk
        _Arriving.num_bytes += len(chunk)
        if len(body) > LIMITS.body_bytes:
            return True
        if _Arriving.num_bytes > LIMITS.arriving_bytes:
            raise RequestError(503, "too many bodies arrive at the same time.", {"retry-after": "1"})
        if not message.get("more_body"):
            return False
        message = await request.receive()


async def _discard(request: Request) -> int:
    """Read the rest of a body that is too large, and return its size.

    Most clients read an answer only after they have sent everything; to them, a connection that closes earlier is a
    broken one, without a reason.
    """
    size, more = 0, True
    while more and size <= LIMITS.discarded_bytes:
        message = await request.receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    return size


def _too_large(received: int) -> RequestError:
    return RequestError(413, f"expected a body of at most {LIMITS.body_bytes:,} bytes, got {received:,}.")
