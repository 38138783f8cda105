"""The page at `/` and the page of the API at `/docs`: HTML, style and script in one answer, nothing from elsewhere."""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

from textclf.inference.server.endpoint import Endpoint, Server

HTML = "text/html; charset=utf-8"
STYLE, SCRIPT = "<!-- style -->", "<!-- script -->"  # where a page has them


async def page(server: Server, request: Request, body: dict) -> Response:
    """Return the page on which texts can be tried."""
    return _response("page")


async def api(server: Server, request: Request, body: dict) -> Response:
    """Return the page that shows `/openapi.json`."""
    return _response("api")


def _response(name: str) -> Response:
    content, policy = _built(name)
    headers = {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-cache",
    }
    return Response(content, headers=headers, media_type=HTML)


@cache
def _built(name: str) -> tuple[bytes, str]:
    """Return a page and its content security policy, which allows its own style and script by their hashes."""
    assets = files("textclf.inference.server") / "assets"
    style = (assets / "page.css").read_text(encoding="utf-8")
    script = "\n".join((assets / part).read_text(encoding="utf-8") for part in _SCRIPTS[name])
    content = (assets / f"{name}.html").read_text(encoding="utf-8")
    content = content.replace(STYLE, f"<style>{style}</style>").replace(SCRIPT, f"<script>{script}</script>")
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; img-src data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return content.encode(), policy


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


_SCRIPTS = {"page": ("words.js", "csv.js", "translations.js", "page.js"), "api": ("api.js",)}
_STRING = {"type": "string"}
ENDPOINTS = (
    Endpoint("GET", "/", "A page to try the classifiers.", page, _STRING, public=True, media_type=HTML),
    Endpoint("GET", "/docs", "This description, as a page.", api, _STRING, public=True, media_type=HTML),
)
