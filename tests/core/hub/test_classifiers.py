"""Classifiers of the hub: the real client, and a server on this machine that speaks its protocol."""

import logging
import socket

import numpy as np
import pytest
from huggingface_hub import HfApi, constants

import textclf
from tests.conftest import ROOT
from tests.core.hub_server import COMMIT, TOKEN, Repository, files_of, serving, use_hub
from textclf.cli.main import main
from textclf.core.errors import RunError
from textclf.core.files import MIB
from textclf.core.find_run import find_classifier

OLDER = "beef" * 10
NEW, OLD = ROOT / "tests/formats/classifier-2", ROOT / "tests/formats/classifier-1"
PACKED = ROOT / "tests/formats/classifier-3"  # with tokenizer.json.gz
CARD = b"---\nignore_metadata_errors: true\n---\n# Mine"
TEXTS = ["a wonderful film", "好", ""]
UNWANTED = {"evil.py": b"x", "pytorch_model.bin": b"x", "train.csv": b"x", ".gitattributes": b"x"}


@pytest.fixture
def files():
    return files_of(NEW)


@pytest.fixture
def older():
    return Repository(files_of(OLD), OLDER)


@pytest.fixture
def hub(files, older, tmp_path, monkeypatch):
    lfs = frozenset({"model.onnx"})
    repositories = {
        "me/good": Repository({**files, **UNWANTED, "README.md": CARD}, lfs=lfs, others={"v1": older}),
        "me/gated": Repository(files, access="gated"),
        "me/private": Repository(files, access="private"),
        "me/other": Repository({"config.json": b"{}"}),
    }
    with serving(repositories) as server:
        use_hub(monkeypatch, server.url, tmp_path / "cache")
        yield server


def changed(hub, **changes):
    hub.repositories["me/good"] = hub.repositories["me/good"]._replace(**changes)


def refused(match, run="hf://me/good"):
    with pytest.raises(RunError, match=match) as caught:
        textclf.load(run)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 500
    return message


def test_the_server_is_one_on_which_the_client_fails_if_it_reads_the_card(hub):
    with pytest.raises(TypeError, match="ignore_metadata_errors"):
        HfApi(endpoint=hub.url).model_info("me/good", revision="main")


def test_a_classifier_of_the_hub_answers_as_its_folder(hub, caplog):
    caplog.set_level(logging.INFO, "textclf")
    loaded = textclf.load("hf://me/good")
    original = textclf.load(NEW)
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), original.predict_proba(TEXTS))
    assert f"hf://me/good: commit {COMMIT}" in caplog.text
    assert loaded.folder.name == "good"
    assert set(files_of(loaded.folder)) == {*files_of(original.folder), "README.md"}
    assert not any(path.is_symlink() for path in loaded.folder.rglob("*"))
    assert not any(name in request for request in hub.requests for name in UNWANTED)
    asked = len(hub.requests)
    textclf.load("hf://me/good")
    assert len(hub.requests) == asked + 1  # which commit it is now


def test_a_compressed_tokenizer_is_downloaded_in_its_place(hub):
    files = files_of(PACKED)
    for others in ({}, {"tokenizer.json": b"of an older commit"}):
        changed(hub, files={**files, **others}, commit=f"{len(others)}" * 40)
        loaded = textclf.load("hf://me/good")
        np.testing.assert_array_equal(loaded.predict_proba(TEXTS), textclf.load(PACKED).predict_proba(TEXTS))
        assert set(files_of(loaded.folder)) == {*files, *others}
    changed(hub, files={name: content for name, content in files.items() if name != "labels.json"}, commit=OLDER)
    refused("the repository has no labels.json", "hf://me/good")


def test_a_tag_and_a_commit(hub, older):
    for revision in ("v1", OLDER):
        assert textclf.load(f"hf://me/good@{revision}").folder.parent.name == OLDER
    assert textclf.load(f"hf://me/good@{COMMIT}").folder.parent.name == COMMIT
    asked = len(hub.requests)
    assert textclf.load(f"hf://me/good@{OLDER}").labels == textclf.load("hf://me/good@v1").labels
    assert len(hub.requests) == asked + 1  # a commit never changes
    refused("hf://me/good@v2 has no revision 'v2'. Check what follows the @", "hf://me/good@v2")


def test_what_is_not_there_and_what_may_not_be_read(hub, monkeypatch):
    refused("there is no such repository on http.* for a private repository set HF_TOKEN", "hf://me/nothing")
    refused("there is no such repository on http", "hf://me/private")
    refused("hf://me/gated is gated. Accept its terms on http.*/me/gated", "hf://me/gated")
    refused("the repository has no model.onnx, tokenizer.json, labels.json, classifier.json", "hf://me/other")
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    refused("does not accept the token. Set HF_TOKEN", "hf://me/private")
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    for name in ("private", "gated"):
        assert textclf.load(f"hf://me/{name}").labels == ["negative", "positive"]


def test_without_the_hub_the_cache_is_used(hub, monkeypatch, caplog):
    textclf.load("hf://me/good")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert textclf.load("hf://me/good").labels == ["negative", "positive"]
    assert f"the hub cannot be reached; commit {COMMIT} is in the cache" in caplog.text
    assert textclf.load(f"hf://me/good@{COMMIT}").labels
    refused("is not in .*me--gated at revision 'main', and HF_HUB_OFFLINE forbids to download it", "hf://me/gated")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with socket.socket() as free:  # nothing listens there
        free.bind(("127.0.0.1", 0))
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{free.getsockname()[1]}")
        assert textclf.load("hf://me/good").labels
        refused(r"cannot be reached \(.*\). Check the network, or name a copy", "hf://me/good@v1")


def test_a_hub_that_fails_is_one_that_cannot_be_reached(hub):
    textclf.load("hf://me/good")
    hub.failing += ["/api/models/me/good/revision/main"]
    assert textclf.load("hf://me/good").labels
    hub.failing += ["/api/models/me/gated/revision/main"]
    refused("cannot be reached", "hf://me/gated")


def test_files_that_are_not_those_of_the_commit_are_refused(hub, files, tmp_path):
    model, labels = files["model.onnx"], files["labels.json"]
    other = labels.replace(b"negative", b"nagative")
    changed(hub, sent={"labels.json": other})
    refused(r"labels\.json: expected .* bytes with the checksum .*, as the hub says, got .*Try again")
    changed(hub, sent={"labels.json": labels[:-9]})
    refused(r"labels\.json: expected")
    changed(hub, sent={})
    [oid] = hub.blobs
    hub.blobs[oid] = model[:-1] + bytes([model[-1] ^ 1])
    refused(r"model\.onnx: expected .* with the checksum")
    hub.blobs[oid] = model[:-100]
    refused("cannot be downloaded: Consistency check failed: file should be of size")
    hub.blobs[oid] = model
    assert not list((tmp_path / "cache").rglob("*.json"))
    assert textclf.load("hf://me/good").labels


def test_a_download_that_was_interrupted_begins_again(hub, tmp_path):
    hub.failing += ["/tokenizer.json"]
    refused("cannot be downloaded: ")
    assert not list((tmp_path / "cache/assets").rglob("model.onnx"))
    assert textclf.load("hf://me/good").labels


def test_sizes_are_checked_before_anything_is_downloaded(hub):
    for name, size in {"model.onnx": 1025 * MIB, "labels.json": 9 * MIB, "README.md": 2 * MIB}.items():
        changed(hub, sizes={name: size})
        refused(rf"{name}: expected at most .* MiB, got {size // MIB:,} MiB")
    changed(hub, sizes={"labels.json": None})
    refused("expected at most 8 MiB, got no size")
    assert not any("resolve" in request for request in hub.requests)


def test_the_token_is_not_sent_to_another_place(hub, files, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    place = Repository(files)
    with serving({"other/place": place}) as elsewhere:
        changed(hub, elsewhere={"model.onnx": f"{elsewhere.url}/other/place/resolve/main/model.onnx"})
        assert textclf.load("hf://me/good").labels
        [request] = elsewhere.requests
        assert request.startswith("GET ")
        assert "authorization" not in elsewhere.headers[0]
    asked = [headers for request, headers in zip(hub.requests, hub.headers, strict=True) if "/me/good" in request]
    assert all("authorization" in headers for headers in asked)  # the client itself asks for other things, too
    assert len(asked) > 5


def test_another_file_in_another_place_is_refused(hub, files):
    with serving({"other/place": Repository({"model.onnx": b"x" * len(files["model.onnx"])})}) as elsewhere:
        changed(hub, elsewhere={"model.onnx": f"{elsewhere.url}/other/place/resolve/main/model.onnx"})
        refused(r"model\.onnx: expected .* with the checksum")


def test_names_and_commits_of_a_listing_are_never_paths(hub, files, tmp_path):
    evil = {"../../evil": b"x", "/evil": b"x", "sub/../../../evil": b"x", "sub/model.onnx": b"x"}
    changed(hub, files={**files, **evil})
    folder = find_classifier("hf://me/good")
    assert set(files_of(folder)) == set(files)
    assert not list(tmp_path.rglob("evil"))
    for commit in ("../../../evil", "", "main"):
        changed(hub, commit=commit)
        refused("the hub does not say which commit this is", "hf://me/good")


def test_a_planted_link_in_the_cache_is_not_followed(hub, tmp_path):
    folder = find_classifier("hf://me/good")
    (folder / "labels.json").rename(tmp_path / "labels.json")
    (folder / "labels.json").symlink_to(tmp_path / "labels.json")
    refused("expected no symbolic links")


def test_the_newest_commit_is_the_one_that_answers(hub, older):
    first, repository = textclf.load("hf://me/good"), hub.repositories["me/good"]
    hub.repositories["me/good"] = older._replace(others={"before": repository})
    assert textclf.load("hf://me/good").folder.parent.name == OLDER
    assert textclf.load(f"hf://me/good@{COMMIT}").folder == first.folder


def test_commands_take_an_address(hub, workplace, capsys):
    assert main(["predict", "--run", "hf://me/good", "a wonderful film"]) == 0
    assert main(["evaluate", "--run", "hf://me/good", "--data", "data/toy_en/test.csv", "--format", "json"]) == 0
    assert main(["card", "hf://me/good"]) == 0
    assert capsys.readouterr().out.endswith("# Mine\n")
    assert main(["export", "hf://me/good", "--precision", "float32", "--format", "folder"]) == 0
    assert (workplace / "good-int4/README.md").read_bytes() == CARD
    assert main(["predict", "--run", "hf://me/nothing", "a"]) == 1
    capsys.readouterr()
    assert main(["evaluate", "--run", "hf://me/good"]) == 1
    assert "expected a run with a test file, got a classifier alone. Name texts with --data" in capsys.readouterr().err


def test_the_program_takes_the_variables_of_the_hub(hub, tmp_path, textclf_command):
    given = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_XET": "1", "HF_TOKEN": ""}
    first = textclf_command("predict", "--run", "hf://me/good", "a wonderful film", env=given)
    assert first.stderr.decode().splitlines() == ["downloading hf://me/good: 0.0 MB", f"hf://me/good: commit {COMMIT}"]
    assert (tmp_path / "home/assets/textclf/me--good" / COMMIT / "good/model.onnx").is_file()
    again = textclf_command(
        "predict", "--run", "hf://me/good", "a wonderful film", env={**given, "HF_HUB_OFFLINE": "1"}
    )
    assert again.stdout == first.stdout == b"positive\t0.9715\n"
    assert b"the hub cannot be reached" in again.stderr


def test_without_the_package_the_message_says_what_to_install(workplace, textclf_command):
    blocked = (
        "import sys; sys.modules.update(huggingface_hub=None); from textclf.cli.main import main; main(sys.argv[1:])"
    )
    finished = textclf_command("predict", "--run", "hf://me/good", "a", python=("-c", blocked))
    assert finished.stderr.decode() == (
        "Error: hf://me/good is a name of the hub, which needs a package: pip install 'textclf-keras[encoder]'.\n"
    )
