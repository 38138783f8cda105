"""Uploads to the hub: the real client, and a server on this machine that speaks its protocol."""

import json
import shutil
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest

import textclf
from tests.conftest import LINEAR, ROOT, TOY_EN
from tests.core.hub_server import TOKEN, Repository, serving, use_hub
from textclf.cli.main import main
from textclf.core.run_folder import CARD, LICENSE, METADATA, MODEL, NOTICE, PACKED_TOKENIZER, TOKENIZER
from textclf.export.export import export

TEXTS = ["a wonderful film", "", "好 good", "terrible, boring and long " * 30]
CLASSIFIER = [MODEL, PACKED_TOKENIZER, "labels.json", METADATA, CARD]  # of a lower precision than float32


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a run."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "data").symlink_to(ROOT / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        textclf.train({"data": TOY_EN, **LINEAR}, run="reviews")
    return folder


@pytest.fixture
def hub(trained, workplace, tmp_path, monkeypatch):
    shutil.copytree(trained / "runs", "runs")
    with serving({"me/public": Repository({CARD: b"# Mine", "notes.md": b"x"})}) as server:
        use_hub(monkeypatch, server.url, tmp_path / "cache", TOKEN)
        yield server


def uploads(hub):
    return [request for request in hub.requests if not request.startswith(("GET", "HEAD"))]


def test_a_classifier_goes_to_the_hub_and_comes_back(hub, capsys):
    assert main(["push", "reviews", "me/reviews", "--license", "mit", "--language", "en"]) == 0
    shown = capsys.readouterr().out
    pushed = hub.repositories["me/reviews"]
    assert f"uploaded to {hub.url}/me/reviews, commit {pushed.commit}" in shown
    assert list(pushed.files) == CLASSIFIER
    assert all(f"{name}" in shown and f"{len(content):,}" in shown for name, content in pushed.files.items())
    assert pushed.lfs == {MODEL}
    assert "predictions differ" in shown
    same = export("reviews", format="folder").path
    loaded = textclf.load("hf://me/reviews")
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), textclf.load(same).predict_proba(TEXTS))
    assert loaded.metadata["precision"] == "int8"
    read = huggingface_hub.ModelCard(pushed.files[CARD].decode(), ignore_metadata_errors=False)
    assert (read.data.license, read.data.language) == ("mit", ["en"])
    assert read.data.eval_results[0].metric_type == "accuracy"
    assert 'textclf.load("hf://me/reviews")' in read.text


def test_float32_comes_back_to_the_bit(hub):
    assert main(["push", "reviews", "me/reviews", "--precision", "float32"]) == 0
    loaded, original = textclf.load("hf://me/reviews"), textclf.load("reviews")
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), original.predict_proba(TEXTS))
    assert {name: hub.repositories["me/reviews"].files[name] for name in (MODEL, TOKENIZER)} == {
        name: Path("runs/reviews/classifier", name).read_bytes() for name in (MODEL, TOKENIZER)
    }


def test_nothing_of_a_folder_is_uploaded_but_what_is_named(hub):
    folder = export("reviews", format="folder", output="mine", precision="float16").path
    for name, content in {"train.csv": "secret", LICENSE: "You may.", NOTICE: "By us.", ".env": "secret"}.items():
        (folder / name).write_text(content)
    (folder / "data").mkdir()
    (folder / "data/texts.txt").write_text("secret")
    assert main(["push", "mine", "me/mine"]) == 0
    files = hub.repositories["me/mine"].files
    assert sorted(files) == sorted([*CLASSIFIER, LICENSE, NOTICE])
    assert files[LICENSE] == b"You may."
    assert files[CARD] == (folder / CARD).read_bytes()  # its scores stay
    assert json.loads(files[METADATA])["precision"] == "float16"
    texts = Path("data/toy_en/train.csv").read_text().splitlines()[1:]
    assert not any(line.rsplit(",", 1)[0].strip('"').encode() in files[CARD] for line in texts if len(line) > 30)
    (folder / LICENSE).unlink()
    (folder / LICENSE).symlink_to(folder / ".env")
    assert main(["push", "mine", "me/mine"]) == 1  # a link may lead to any file
    assert hub.repositories["me/mine"].files == files


def test_a_dry_run_uploads_nothing_and_needs_no_token(hub, monkeypatch, capsys):
    monkeypatch.setenv("HF_TOKEN", "")
    assert main(["push", "reviews", "me/reviews", "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in [*CLASSIFIER, "(5 files)"])
    assert hub.requests == []


def test_a_branch_a_message_and_a_private_repository(hub):
    arguments = ["push", "reviews", "me/hidden", "--private", "--revision", "v2", "--message", "Second", "--precision"]
    assert main([*arguments, "float32"]) == 0
    repository = hub.repositories["me/hidden"]
    assert repository.access == "private"
    assert repository.files == {}
    assert list(repository.others["v2"].files) == [MODEL, TOKENIZER, *CLASSIFIER[2:]]
    assert textclf.load("hf://me/hidden@v2").labels == ["negative", "positive"]
    assert hub.messages == ["Second"]


def test_other_files_stay_and_the_same_files_make_no_commit(hub, capsys):
    arguments = ["push", "reviews", "me/public", "--precision", "float32"]
    assert main(arguments) == 0
    first = hub.repositories["me/public"]
    assert first.files["notes.md"] == b"x"
    assert first.files[CARD] != b"# Mine"
    assert main(arguments) == 0
    assert hub.repositories["me/public"] is first
    assert capsys.readouterr().out.count(first.commit) == 2


def test_a_lower_precision_can_follow_float32_in_one_repository(hub):
    for precision in ("float32", "int4"):
        assert main(["push", "reviews", "me/reviews", "--precision", precision]) == 0
    assert {TOKENIZER, PACKED_TOKENIZER} <= set(hub.repositories["me/reviews"].files)  # the older one is not read
    same = export("reviews", format="folder", precision="int4").path
    loaded = textclf.load("hf://me/reviews")
    assert loaded.metadata["precision"] == "int4"
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), textclf.load(same).predict_proba(TEXTS))


@pytest.mark.parametrize(
    ("arguments", "token", "words"),
    [
        (["me/reviews"], "", "uploading needs a token of http"),
        (["me/reviews"], "hf_wrong", "does not accept the token. Set HF_TOKEN"),
        (["others/reviews"], TOKEN, "does not allow this with the token"),
        (["me/public", "--private"], TOKEN, "exists and is public, and --private is for a new repository"),
        (["reviews"], TOKEN, "expected a name of the hub such as owner/name, got 'reviews'"),
        (["me/../x"], TOKEN, "expected a name of the hub"),
        (["me/reviews", "--precision", "int4", "--size", "0.001"], TOKEN, "--size"),
    ],
)
def test_what_cannot_be_uploaded_is_said_in_one_sentence(hub, monkeypatch, capsys, arguments, token, words):
    monkeypatch.setenv("HF_TOKEN", token)
    before = dict(hub.repositories)
    assert main(["push", "reviews", *arguments]) == 1
    said = capsys.readouterr().err
    assert words in said
    assert said.splitlines()[-1].startswith("Error: ")
    assert hub.repositories == before


def test_a_card_of_an_exported_classifier_is_not_replaced(hub, capsys):
    export("reviews", format="folder", output="mine", precision="float32")
    assert main(["push", "mine", "me/mine", "--license", "mit"]) == 1
    assert "Write license and languages into its README.md" in capsys.readouterr().err
    assert main(["push", "a", "b", "me/mine"]) == 2


def test_a_hub_that_is_gone_is_said(hub, monkeypatch, capsys):
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    assert main(["push", "reviews", "me/reviews", "--precision", "float32"]) == 1
    assert "cannot be reached" in capsys.readouterr().err
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert main(["push", "reviews", "me/reviews", "--precision", "float32"]) == 1
    assert "HF_HUB_OFFLINE forbids to upload" in capsys.readouterr().err
