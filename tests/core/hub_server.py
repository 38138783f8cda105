"""A server on this machine that speaks the protocol of the hub, for its real client."""

import hashlib
import json
import threading
from collections.abc import Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from tests.core.hub_uploads import put, take

COMMIT = "c0ffee" + "0" * 34
TOKEN = "hf_secret"
NONE: Mapping = MappingProxyType({})


class Repository(NamedTuple):
    files: dict[str, bytes]
    commit: str = COMMIT
    access: str = "public"  # or gated, or private
    others: Mapping[str, "Repository"] = NONE  # by branch or tag; their commits can be asked for, too
    lfs: frozenset[str] = frozenset()  # names of files that have a place of their own
    # What a hub does that is broken, or not what it seems:
    sent: Mapping[str, bytes] = NONE  # in place of a file
    sizes: Mapping[str, int] = NONE  # that it announces
    elsewhere: Mapping[str, str] = NONE  # addresses that have the file

    def at(self, revision: str) -> "Repository | None":
        if revision in ("main", self.commit):
            return self
        found = {**self.others, **{other.commit: other for other in self.others.values()}}
        return found.get(revision)


class Hub:
    def __init__(self, repositories: dict[str, Repository]):
        self.url = self.storage = ""  # the files of LFS are on another host
        self.repositories = repositories
        self.requests: list[str] = []  # method and path of each request
        self.headers: list[dict] = []  # of each request
        self.failing: list[str] = []  # ends of paths whose next GET is answered by 500
        self.blobs: dict[str, bytes] = {}  # files of LFS by SHA-256
        self.messages: list[str] = []  # of commits


@contextmanager
def serving(repositories):
    """Serve repositories by name. Uploads change the dict."""
    hub = Hub(repositories)
    for repository in repositories.values():
        for name in repository.lfs:
            hub.blobs[sha256(repository.files[name])] = repository.sent.get(name, repository.files[name])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.note()
            answer(self, repositories, hub)

        def do_POST(self):
            body = self.note()
            if "/paths-info/" in self.path:
                return answer(self, repositories, hub, parse_qs(body.decode())["paths"])
            status, content = take(self.path, body, self.headers, repositories, hub)
            return send(self, status, json.dumps(content).encode(), content.get("headers"))

        def do_PUT(self):
            send(self, put(self.path, self.note(), hub))

        do_HEAD = do_GET  # noqa: N815

        def note(self):
            hub.requests.append(f"{self.command} {self.path}")
            hub.headers.append({name.lower(): value for name, value in self.headers.items()})
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url, hub.storage = (f"http://{host}:{server.server_port}" for host in ("127.0.0.1", "localhost"))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answer(handler, repositories, hub, paths=()):
    path = unquote(urlsplit(handler.path).path)
    fails = [end for end in hub.failing if path.endswith(end) and handler.command == "GET"]
    if fails:
        hub.failing.remove(fails[0])
        return send(handler, 500)
    parts = path.strip("/").split("/")
    if parts[0] == "lfs":
        return send(handler, 200, hub.blobs[parts[1]])
    api = parts[:2] == ["api", "models"]
    if api:
        parts = parts[2:]
    repository = repositories.get("/".join(parts[:2]))
    token = handler.headers.get("Authorization")
    if token not in (None, f"Bearer {TOKEN}"):
        return send(handler, 401, headers={"X-Error-Message": "Invalid credentials in Authorization header"})
    if not repository or (repository.access == "private" and not token):
        return send(handler, 401, headers={"X-Error-Code": "RepoNotFound"})
    if len(parts) == 2:
        return send(handler, 200, json.dumps({"id": "x", "private": repository.access == "private"}).encode())
    kind, revision, name = parts[2], "/".join(parts[3:]) if api else parts[3], "/".join(parts[4:])
    found = repository.at(revision) or (kind == "tree" and repository.at(parts[3]))
    if not found:
        return send(handler, 404, headers={"X-Error-Code": "RevisionNotFound"})
    if repository.access == "gated" and not token and kind == "resolve":
        return send(handler, 403, headers={"X-Error-Code": "GatedRepo"})
    if api:
        return send(
            handler, 200, json.dumps(listing(found, kind, paths, commit_only="expand=sha" in handler.path)).encode()
        )
    return send_file(handler, found, name, hub)


def send_file(handler, repository, name, hub):
    """A file, or where it is."""
    content = repository.sent.get(name, repository.files.get(name))
    if content is None:
        return send(handler, 404, headers={"X-Error-Code": "EntryNotFound"})
    about = {"X-Repo-Commit": repository.commit, "ETag": f'"{sha256(content)}"'}
    if name in repository.lfs or name in repository.elsewhere:
        promised = repository.files[name]
        about |= {"X-Linked-Etag": f'"{sha256(promised)}"', "X-Linked-Size": str(size_of(repository, name))}
        about["Location"] = repository.elsewhere.get(name, f"{hub.storage}/lfs/{sha256(promised)}")
        return send(handler, 302, headers=about)
    return send(handler, 200, content, about)


def listing(repository, kind, paths, *, commit_only):
    if kind == "revision":
        siblings = [{"rfilename": name} for name in repository.files]
        # Unless only the commit is asked for, a hub tells what the model card says, and the client fails on this one.
        odd = not commit_only and b"ignore_metadata_errors: true" in repository.files.get("README.md", b"")
        card = {"cardData": {"ignore_metadata_errors": True}} if odd else {}
        return {"id": "x", "sha": repository.commit, "siblings": siblings, **card}
    return [
        {
            "type": "file",
            "path": name,
            "size": size_of(repository, name),
            "oid": hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest(),
            **({"lfs": about_lfs(repository, name)} if name in repository.lfs else {}),
        }
        for name, content in repository.files.items()
        if kind == "tree" or name in paths or "evil" in name  # a hub may list what nobody has asked for
    ]


def about_lfs(repository, name):
    return {"oid": sha256(repository.files[name]), "size": size_of(repository, name), "pointerSize": 134}


def size_of(repository, name):
    return repository.sizes.get(name, len(repository.files[name]))


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def send(handler, status, content=b"", headers=None):
    handler.send_response(status)
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(content)


def use_hub(patch, url: str, cache: Path, token: str = "") -> None:
    """Let the client of the hub in this process ask a server, with a cache and a token of its own."""
    from huggingface_hub import constants

    settings = {"ENDPOINT": url, "HF_HUB_CACHE": str(cache / "hub"), "HF_ASSETS_CACHE": str(cache / "assets")}
    settings["HUGGINGFACE_CO_URL_TEMPLATE"] = f"{url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    for name, value in {**settings, "HF_TOKEN_PATH": str(cache / "token"), "HF_HUB_OFFLINE": False}.items():
        patch.setattr(constants, name, value)
    patch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # the server knows only LFS, the older way
    patch.setenv("HF_TOKEN", token)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
