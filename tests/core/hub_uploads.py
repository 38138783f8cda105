"""What the server of the hub does with uploads: new repositories, branches, files of LFS, commits."""

import base64
import hashlib
import json
from urllib.parse import unquote, urlsplit

REFUSED = {"headers": {"X-Error-Message": "Invalid credentials in Authorization header"}}


def take(path, body, headers, repositories, hub):
    """Answer a POST: a status, and what is sent as JSON."""
    parts = unquote(urlsplit(path).path).strip("/").split("/")
    if parts == ["api", "validate-yaml"]:
        return 200, {"errors": [], "warnings": []}
    if headers.get("Authorization") != "Bearer hf_secret":
        return 401, REFUSED
    if parts == ["api", "repos", "create"]:
        return created(json.loads(body), repositories, hub)
    if parts[2:] == ["info", "lfs", "objects", "batch"]:
        return 200, batch(json.loads(body), hub)
    name, kind, revision = "/".join(parts[2:4]), parts[4], "/".join(parts[5:])
    if name.startswith("others/"):
        return 403, {"error": "no"}
    repository = repositories[name]
    if kind == "branch":
        if repository.at(revision):
            return 409, {"error": "exists"}
        repositories[name] = repository._replace(others={**repository.others, revision: repository})
        return 200, {}
    if not repository.at(revision):
        return 404, {"headers": {"X-Error-Code": "RevisionNotFound"}}
    if kind == "preupload":
        return 200, {"files": [mode(repository.at(revision), file["path"]) for file in json.loads(body)["files"]]}
    return committed(name, revision, body, repositories, hub)


def put(path, body, hub):
    """Take a file of LFS."""
    oid = path.rpartition("/")[2]
    if hashlib.sha256(body).hexdigest() != oid:
        return 400
    hub.blobs[oid] = body
    return 200


def created(wanted, repositories, hub):
    from tests.core.hub_server import Repository

    name = f"{wanted['organization']}/{wanted['name']}"
    if name in repositories:
        return 409, {"error": "You already created this model repo", "url": f"{hub.url}/{name}"}
    if wanted["organization"] == "others":
        return 403, {"error": "You don't have the rights to create a model under this namespace"}
    private = wanted.get("visibility") == "private"
    repositories[name] = Repository({}, "0" * 40, access="private" if private else "public")
    return 200, {"url": f"{hub.url}/{name}", "name": name}


def batch(wanted, hub):
    objects = []
    for file in wanted["objects"]:
        upload = {"upload": {"href": f"{hub.storage}/lfs/{file['oid']}", "header": {}}}
        objects.append({**file, **({} if file["oid"] in hub.blobs else {"actions": upload})})
    return {"transfer": "basic", "objects": objects}


def mode(repository, path):
    from tests.core.hub_server import sha256

    content = repository.files.get(path)
    if path.endswith(".onnx"):
        oid = content and sha256(content)
        return {"path": path, "uploadMode": "lfs", "shouldIgnore": False, "oid": oid}
    oid = content and hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    return {"path": path, "uploadMode": "regular", "shouldIgnore": False, "oid": oid}


def committed(name, revision, body, repositories, hub):
    """Make a commit of lines of JSON."""
    repository = repositories[name]
    old = repository.at(revision)
    files, lfs = dict(old.files), set(old.lfs)
    header, *operations = [json.loads(line) for line in body.splitlines()]
    hub.messages.append(header["value"]["summary"])
    for operation in operations:
        value = operation["value"]
        if operation["key"] == "lfsFile":
            files[value["path"]] = hub.blobs[value["oid"]]
            lfs.add(value["path"])
        else:
            assert operation["key"] == "file"
            files[value["path"]] = base64.b64decode(value["content"])
    commit = hashlib.sha1(old.commit.encode() + body).hexdigest()
    new = old._replace(files=files, lfs=frozenset(lfs), commit=commit, others={})
    if revision == "main":
        repositories[name] = new._replace(others={**repository.others, f"before {commit}": old})
    else:
        repositories[name] = repository._replace(others={**repository.others, revision: new})
    return 200, {"commitUrl": f"{hub.url}/{name}/commit/{commit}", "commitOid": commit}
