"""A server on this machine that speaks the protocol of the hub, for its real client."""

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

COMMIT = "c0ffee" + "0" * 34
TOKEN = "hf_secret"


class Repository(NamedTuple):
    files: dict[str, bytes]
    commit: str = COMMIT
    access: str = "public"  # or gated, or private


class Hub(NamedTuple):
    url: str
    requests: list[str]  # method and path of each request


@contextmanager
def serving(repositories):
    """Serve repositories by name."""
    requests = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            requests.append(f"{self.command} {self.path}")
            answer(self, repositories)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Hub(f"http://127.0.0.1:{server.server_port}", requests)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answer(handler, repositories):
    parts = unquote(urlsplit(handler.path).path).strip("/").split("/")
    api = parts[:2] == ["api", "models"]
    if api:
        parts = parts[2:]
    repository = repositories.get("/".join(parts[:2]))
    allowed = repository and (
        repository.access == "public" or handler.headers.get("Authorization") == f"Bearer {TOKEN}"
    )
    if not repository or (repository.access == "private" and not allowed):
        return send(handler, 401, headers={"X-Error-Code": "RepoNotFound"})
    kind, revision, path = parts[2], parts[3], "/".join(parts[4:])
    if revision not in ("main", repository.commit):
        return send(handler, 404, headers={"X-Error-Code": "RevisionNotFound"})
    if not allowed and kind == "resolve":
        return send(handler, 403, headers={"X-Error-Code": "GatedRepo"})
    if api:
        return send(handler, 200, json.dumps(listing(repository, kind)).encode())
    content = repository.files.get(path)
    if content is None:
        return send(handler, 404, headers={"X-Error-Code": "EntryNotFound"})
    etag = f'"{hashlib.sha256(content).hexdigest()}"'
    return send(handler, 200, content, {"ETag": etag, "X-Repo-Commit": repository.commit})


def listing(repository, kind):
    if kind == "revision":
        return {"id": "x", "sha": repository.commit, "siblings": [{"rfilename": name} for name in repository.files]}
    return [
        {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
        for name, content in repository.files.items()
    ]


def send(handler, status, content=b"", headers=None):
    handler.send_response(status)
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(content)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
