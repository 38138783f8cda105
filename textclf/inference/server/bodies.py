"""Read the body of a request within the limits of size, time and memory."""

import asyncio

from starlette.requests import Request

from textclf.inference.server.limits import LIMITS
from textclf.inference.server.problems import RequestError


class _Arriving:
    num_bytes = 0  # kept of the bodies that arrive in parts, of all requests


async def read_body(request: Request) -> bytes:
    """Return the body.

    Raises:
        RequestError: too large, too slow, or too many bodies arrive at the same time.
    """
    announced = request.headers.get("content-length", "")
    size = int(announced[:12]) if announced.isascii() and announced.isdecimal() else 0
    too_large = size > LIMITS.body_bytes
    if size > LIMITS.discarded_bytes or (too_large and "expect" in request.headers):
        raise _too_large(size)
    body = bytearray()
    try:
        async with asyncio.timeout(LIMITS.body_seconds):
            if too_large:
                raise _too_large(await _discard(request))
            if await _gather(request, body):
                raise _too_large(len(body) + await _discard(request))
    except TimeoutError:
        raise RequestError(408, f"expected the whole body within {LIMITS.body_seconds:g} s.") from None
    finally:
        _Arriving.num_bytes -= len(body)
    return bytes(body)


async def _gather(request: Request, body: bytearray) -> bool:
    """Append the body as it arrives, and return whether it is too large."""
    async for chunk in request.stream():
        body += chunk
        _Arriving.num_bytes += len(chunk)
        if len(body) > LIMITS.body_bytes:
            return True
        if _Arriving.num_bytes > LIMITS.arriving_bytes:
            raise RequestError(503, "too many bodies arrive at the same time.", {"retry-after": "1"})
    return False


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
