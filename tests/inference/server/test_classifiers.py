"""Names, loading, and swapping of classifiers."""

import asyncio
import os
import shutil
from pathlib import Path

import click
import numpy as np
import pytest

from tests.core.hub_server import Repository, files_of, serving, use_hub
from textclf.core.errors import RunError
from textclf.export.export import Limits, export
from textclf.inference.classifier import Classifier
from textclf.inference.server.classifiers import Classifiers, load_served, parse_sources
from textclf.inference.server.metrics import Metrics
from textclf.inference.server.problems import RequestError


@pytest.mark.parametrize(
    ("values", "sources"),
    [
        ([], {"default": None}),
        (["toy_en"], {"toy_en": "toy_en"}),
        (["runs/toy_en/"], {"toy_en": "runs/toy_en/"}),
        (["runs/toy_en/classifier"], {"toy_en": "runs/toy_en/classifier"}),
        (["a=runs/x", "b=y=z"], {"a": "runs/x", "b": "y=z"}),
        (["hf://me/reviews@v=1", "b=hf://me/x"], {"reviews": "hf://me/reviews@v=1", "b": "hf://me/x"}),
    ],
)
def test_runs_have_names(values, sources):
    assert parse_sources(values) == sources


def test_a_folder_with_an_equals_sign_is_a_folder(workplace):
    Path("a=b").mkdir()
    assert parse_sources(["x=a=b"]) == {"x": "a=b"}
    with pytest.raises(click.UsageError, match="Give one: --run NAME=a=b"):
        parse_sources(["a=b"])


@pytest.mark.parametrize("value", ["=x", "a b=x", "../=x", "/", "a/b=x", "é=x", "-a=x"])
def test_a_name_must_fit_into_an_address(value):
    with pytest.raises(click.UsageError, match="expected a name of letters, digits"):
        parse_sources([value])


@pytest.mark.parametrize("value", ["a=", "", "="])
def test_a_name_needs_a_run(value):
    with pytest.raises(click.UsageError, match=rf"--run '{value}': expected \[NAME=\]RUN, got no RUN"):
        parse_sources([value])


def test_two_of_one_name_need_others():
    with pytest.raises(click.UsageError, match="two runs are called 'x'"):
        parse_sources(["runs/x", "other/x"])


def test_an_unknown_name_lists_the_known(sources):
    classifiers = Classifiers({"toy_en": sources["toy_en"]}, Metrics())
    assert classifiers.get(None) is classifiers.get("toy_en")
    with pytest.raises(RequestError, match="did you mean 'toy_en'") as problem:
        classifiers.get("toyen")
    assert problem.value.status == 404


@pytest.fixture
def copied(with_runs):
    """A classifier folder that may be changed, in service."""
    shutil.copytree("runs/toy_en/classifier", "served")
    return Path("served"), Classifiers({"x": "served"}, Metrics())


def test_a_reload_takes_the_new_one(copied):
    folder, classifiers = copied
    before = classifiers.get("x")
    shutil.rmtree(folder)
    shutil.copytree("runs/toy_topics/classifier", folder)
    results = asyncio.run(classifiers.reload())
    assert results == {"x": {"result": "loaded", "run": "served", "version": classifiers.get("x").version}}
    assert classifiers.get("x").classifier.labels != before.classifier.labels
    assert classifiers.get("x").version != before.version


def cut(folder):
    (folder / "model.onnx").write_bytes((folder / "model.onnx").read_bytes()[:1000])


def removed(folder):
    shutil.rmtree(folder)


def no_json(folder):
    (folder / "classifier.json").write_text("{")


@pytest.mark.parametrize("damage", [cut, removed, no_json])
def test_a_broken_one_leaves_the_old_one_in_service(copied, damage):
    folder, classifiers = copied
    before = classifiers.get("x")
    damage(folder)
    [result] = asyncio.run(classifiers.reload()).values()
    assert result["result"] == "failed"
    assert "served" in result["reason"]
    assert classifiers.get("x") is before


def test_answers_that_are_no_probabilities_are_not_taken(copied, monkeypatch):
    _, classifiers = copied
    before = classifiers.get("x")
    monkeypatch.setattr(Classifier, "predict_proba", lambda *_: np.array([[np.nan]]))
    [result] = asyncio.run(classifiers.reload()).values()
    assert "expected probabilities" in result["reason"]
    assert classifiers.get("x") is before


def test_follow_takes_changed_files_and_only_those(copied):
    folder, classifiers = copied
    before = classifiers.get("x")
    asyncio.run(classifiers.follow())
    assert classifiers.get("x") is before
    cut(folder)  # half-copied
    asyncio.run(classifiers.follow())
    assert classifiers.get("x") is before
    shutil.copytree("runs/toy_topics/classifier", folder, dirs_exist_ok=True)
    asyncio.run(classifiers.follow())
    assert len(classifiers.get("x").classifier.labels) > 2


def test_follow_takes_a_classifier_with_a_compressed_tokenizer(copied):
    folder, classifiers = copied
    export("toy_topics", format="folder", output="smaller", limits=Limits(most_changed=100))
    shutil.copytree("smaller", folder, dirs_exist_ok=True)
    asyncio.run(classifiers.follow())
    smaller = classifiers.get("x")
    assert smaller.classifier.metadata["precision"] == "int8"
    (folder / "tokenizer.json").unlink()  # of the older classifier
    content = (folder / "tokenizer.json.gz").read_bytes()
    (folder / "tokenizer.json.gz").unlink()
    asyncio.run(classifiers.follow())
    assert classifiers.get("x") is smaller
    (folder / "tokenizer.json.gz").write_bytes(content)
    asyncio.run(classifiers.follow())
    assert classifiers.get("x") is not smaller


def test_follow_takes_a_newer_finished_run(with_runs):
    shutil.move("runs/toy_topics", "later")
    shutil.move("runs/toy_zh", "elsewhere")
    classifiers = Classifiers({"default": None}, Metrics())
    assert classifiers.get(None).run == "toy_en"
    text = Path("later/run.json").read_text()
    shutil.move("later", "runs/later")
    Path("runs/later/run.json").write_text(text.replace('"finished": "20', '"finished": "21'))
    os.utime("runs/later/run.json", (4e9, 4e9))
    asyncio.run(classifiers.follow())
    assert (classifiers.get(None).name, classifiers.get(None).run) == ("default", "later")


def test_a_classifier_says_what_separates_its_labels(sources):
    assert load_served("x", sources["colours"]).description["separator"] == "|"


def test_a_classifier_folder_alone_has_no_scores(copied):
    assert load_served("x", "served").description["scores"] is None
    with pytest.raises(RunError):
        load_served("x", "nowhere")


def test_a_classifier_of_the_hub_is_loaded_again_by_a_signal_only(tmp_path, monkeypatch, root):
    first = Repository(files_of(root / "tests/formats/classifier-1"))
    second = Repository(files_of(root / "tests/formats/classifier-2"), "beef" * 10)
    with serving({"me/reviews": first}) as hub:
        use_hub(monkeypatch, hub.url, tmp_path)
        classifiers = Classifiers(parse_sources(["hf://me/reviews"]), Metrics())
        hub.repositories["me/reviews"] = second
        asked, before = len(hub.requests), classifiers.get("reviews")
        asyncio.run(classifiers.follow())
        assert len(hub.requests) == asked
        assert classifiers.get("reviews") is before
        assert asyncio.run(classifiers.reload())["reviews"]["result"] == "loaded"
        assert classifiers.get("reviews").version != before.version
        assert classifiers.get("reviews").run == "reviews"
        classifiers.close()
