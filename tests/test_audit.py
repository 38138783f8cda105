"""The audit of the dependencies: a hole fails, a database that cannot be reached is said and does not."""

import json
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

HOLE = {
    "id": "PYSEC-2026-1",
    "affected": [
        {
            "package": {"name": "keras", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}],
        }
    ],
}


class Database(BaseHTTPRequestHandler):
    """Knows one hole, in whatever version of one package it is asked about."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        content = json.dumps({"vulns": [HOLE]} if asked["package"]["name"] == self.server.package else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def database():
    with ThreadingHTTPServer(("127.0.0.1", 0), Database) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def audit(root, port):
    command = [sys.executable, str(root / ".ci/audit.py"), "--osv-url", f"http://127.0.0.1:{port}/v1/query"]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=200, check=False)


def test_a_hole_in_a_dependency_fails_and_is_named(root, database):
    database.package = "keras"
    found = audit(root, database.server_port)
    assert found.returncode == 1, found.stderr
    assert "PYSEC-2026-1, mended in 99.1" in found.stdout
    assert "keras 3." in found.stdout
    database.package = "none of ours"
    found = audit(root, database.server_port)
    assert found.returncode == 0, found.stdout
    assert "audited, 0 known holes" in found.stdout


def test_without_an_answer_it_says_so_and_does_not_fail(root, database):
    database.server_close()
    found = audit(root, database.server_port)
    assert found.returncode == 0
    assert found.stderr.startswith("NOTICE: the dependencies were NOT audited for known holes: ")
