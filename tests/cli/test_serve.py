"""`textclf serve` as a process: start, swap, stop, and what it does not start with."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import click
import pytest

from textclf.cli.serve import HOST, ORIGIN, check_form, is_loopback

pytest.importorskip("starlette", reason="the extra `serve` is not installed")
ROOT = Path(__file__).parents[2]


@contextmanager
def process(*arguments):
    """A server on a free port; yields the process and the port."""
    command = [sys.executable, "-m", "textclf", "serve", "--port", "0", *arguments]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        yield running, int(re.search(r":(\d+) ", wait_for(running, "serving on"))[1])
    finally:
        running.kill()
        running.wait(30)
        running.stderr.close()


def wait_for(running, words):
    """The next line of the log with these words."""
    for line in running.stderr:
        if words in line:
            return line
    raise AssertionError(f"ended without {words!r}")


def ask(port, path="/predict", body='{"inputs": "a film"}', **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST" if body else "GET", path, body, headers)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, json.loads(content), response.getheader("connection")


def text_of(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    return connection.getresponse().read().decode()


def children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_it_serves_the_newest_run_and_ends_with_sigterm(with_runs):
    with process() as (running, port):
        assert ask(port)[0] == 200
        running.send_signal(signal.SIGTERM)
        wait_for(running, "stopping")
        status, _, connection = ask(port)  # new connections are still answered, and told to end
        assert (status, connection) == (200, "close")
        assert ask(port, "/v2/health/ready", None)[:2] == (503, {"ready": False})
        assert ask(port, "/health", None)[0] == 503
        assert ask(port, "/nowhere")[::2] == (404, "close")
        assert ask(port, "/ping")[::2] == (405, "close")
        assert running.wait(40) == 0


def test_ctrl_c_ends_it(with_runs):
    with process("--run", "toy_en") as (running, _):
        running.send_signal(signal.SIGINT)
        assert running.wait(40) == 0


def test_sighup_loads_again_and_a_broken_one_is_not_taken(with_runs):
    with process("--run", "x=runs/toy_en") as (running, port):
        before = ask(port, "/health", None)[1]["models"]
        running.send_signal(signal.SIGHUP)
        wait_for(running, "loaded x")
        model = Path("runs/toy_en/classifier/model.onnx")
        model.write_bytes(model.read_bytes()[:-1])
        running.send_signal(signal.SIGHUP)
        assert "model.onnx" in wait_for(running, "reload of x failed, the old one stays in service")
        assert ask(port, "/health", None)[1]["models"] == before
        assert ask(port)[0] == 200


def test_workers_share_the_port_and_do_everything_together(with_runs, monkeypatch):
    monkeypatch.setenv("TEXTCLF_TOKEN", "a-token-of-length")
    token = {"authorization": "Bearer a-token-of-length"}
    with process("--workers", "2", "--run", "x=runs/toy_en") as (running, port):
        assert [ask(port, **token)[0] for _ in range(4)] == [200] * 4
        metrics = text_of(port, "/metrics")
        assert 'textclf_requests_total{code="200",route="/predict"} 4.0' in metrics
        assert 'textclf_model_info{model="x",run="toy_en"' in metrics
        running.send_signal(signal.SIGHUP)
        wait_for(running, "loaded x")
        assert ask(port, "/reload", "{}", **token)[1]["models"]["x"]["result"] == "loaded"
        wait_for(running, "loaded x")
        model = Path("runs/toy_en/classifier/model.onnx")
        model.rename("model.onnx")
        assert ask(port, "/reload", "{}", **token)[0] == 409
        Path("model.onnx").rename(model)
        metrics = text_of(port, "/metrics")
        assert 'textclf_reloads_total{model="x",result="loaded"} 4.0' in metrics
        assert 'textclf_reloads_total{model="x",result="failed"} 2.0' in metrics
        [first, _] = children(running.pid)
        os.kill(first, signal.SIGKILL)
        wait_for(running, "worker 1 was ended by SIGKILL; starting another")
        wait_for(running, "loaded x")
        assert ask(port, **token)[0] == 200
        workers = children(running.pid)
        for pid in [*workers, running.pid]:  # as a service manager does
            os.kill(pid, signal.SIGTERM)
        wait_for(running, "stopping")
        assert ask(port, **token)[0] == 200
        assert running.wait(40) == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


def test_workers_end_when_the_first_process_is_gone(with_runs):
    with process("--workers", "2", "--run", "toy_en") as (running, _):
        workers = children(running.pid)
        assert len(workers) == 2
        running.kill()
        assert running.wait(30)
        for line in running.stderr:  # until the last of them has closed it
            assert "stopping" in line


def test_a_classifier_that_no_worker_can_load_is_one_error(with_runs, textclf_command):
    finished = textclf_command("serve", "--port", "0", "--workers", "2", "--run", "nobody")
    assert finished.returncode == 1
    assert finished.stderr.decode().count("nobody: expected a run or classifier folder") == 1


def test_a_token_of_a_file_and_of_the_environment(with_runs, monkeypatch):
    Path("token").write_text("0123456789abcdef\n")
    with process("--token-file", "token", "--host", "0.0.0.0") as (_, port):
        assert ask(port)[0] == 401
        assert ask(port, authorization="Bearer 0123456789abcdef")[0] == 200
    monkeypatch.setenv("TEXTCLF_TOKEN", "another-token-of-length")
    with process() as (_, port):
        assert ask(port, authorization="Bearer another-token-of-length")[0] == 200
        assert ask(port, authorization="Bearer 0123456789abcdef")[0] == 401


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--host", "0.0.0.0"), 2, "--host 0.0.0.0: expected a loopback address such as 127.0.0.1"),
        (("--host", "example.com"), 2, "because the server has no token"),
        (("--token-file", "nowhere"), 1, "--token-file nowhere: cannot be read"),
        (("--token-file", "short"), 1, "expected at least 16 letters, digits or signs of ASCII without spaces, got 3"),
        (("--run", "nobody"), 1, "nobody: expected a run or classifier folder"),
        (("--run", "a=toy_en", "--run", "a=toy_zh"), 2, "two runs are called 'a'"),
        (("--allow-origin", "https://a.b/"), 2, "--allow-origin https://a.b/: expected an origin such as https://ex"),
        (("--allow-host", "a.b:80"), 2, "--allow-host a.b:80: expected a name such as example.com"),
    ],
)
def test_what_it_does_not_start_with(with_runs, textclf_main, arguments, code, message):
    Path("short").write_text("abc")
    finished = textclf_main("serve", "--port", "0", *arguments)
    assert finished.code == code
    assert message in " ".join(finished.stderr.split())


def test_a_token_of_bytes_that_are_no_text(workplace, textclf_main, monkeypatch):
    monkeypatch.setitem(os.environb, b"TEXTCLF_TOKEN", b"\xff\xfe" + b"a" * 20)
    finished = textclf_main("serve", "--port", "0")
    assert finished.code == 1
    assert "TEXTCLF_TOKEN: expected at least 16" in finished.stderr
    assert "got other characters" in " ".join(finished.stderr.split())


@pytest.mark.parametrize(
    "origin",
    [
        "https://example.com/",
        "example.com",
        "https://Example.com",
        "https://example.com:443",
        "http://a:80",
        "https://ä.de",
    ],
)
def test_an_origin_that_no_browser_sends_is_wrong_usage(origin):
    with pytest.raises(click.UsageError, match=re.escape(f"--allow-origin {origin}: expected an origin such as")):
        check_form("--allow-origin", (origin,), ORIGIN, "an origin such as https://example.com")


def test_origins_as_browsers_send_them_and_names_of_hosts():
    origins = ("https://example.com", "http://localhost:3000", "https://a.b:80", "http://[::1]:8080", "app://a", "null")
    check_form("--allow-origin", (*origins, "file://", "*"), ORIGIN, "")
    check_form("--allow-host", ("example.com", "Example.com.", "a_b", "*"), HOST, "")


def test_loopback():
    assert all(map(is_loopback, ["127.0.0.1", "127.9.9.9", "::1", "localhost"]))
    assert not any(map(is_loopback, ["0.0.0.0", "::", "10.0.0.1", "localhost.example.com", ""]))


def test_the_server_imports_nothing_that_only_training_needs(with_runs, textclf_command):
    script = (
        "import sys; from textclf.inference.server.serve import ServeOptions, make_server, make_app; "
        "make_app(make_server(ServeOptions({'x': 'toy_en'}))); print(*{name.split('.')[0] for name in sys.modules})"
    )
    finished = textclf_command(python=("-c", script))
    assert finished.returncode == 0, finished.stderr.decode()
    imported = set(finished.stdout.decode().split())
    assert "onnxruntime" in imported
    assert not imported & {"tensorflow", "keras", "pandas", "pydantic", "onnx", "rich", "sklearn", "ruamel", "fastapi"}
