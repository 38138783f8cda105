"""Classifiers of a stranger on the hub: same bounds as for a folder, and nothing is written beside the cache."""

import pytest
from huggingface_hub import HfApi, hf_hub_download  # noqa: F401 (imported here: it is none of the stranger's doing)

from tests.conftest import ROOT
from tests.core.hub_server import Repository, files_of, serving, use_hub
from tests.hostile.broken_files import flipped
from tests.hostile.contents import LABELS
from tests.hostile.graphs import GRAPHS
from tests.hostile.rejections import MIB, predicts_or_rejects, rejected, with_checksums
from textclf.core.find_run import find_classifier
from textclf.core.hub.classifiers import LIMITS
from textclf.inference.classifier import load_classifier

NAMES = ("model.onnx", "tokenizer.json", "labels.json", "classifier.json")
ADDRESS = "hf://me/good"
FLIPS = 2


@pytest.fixture
def given(tmp_path, monkeypatch):
    """Files that a stranger has uploaded, as a folder; the cache of the hub is beside it, in `given`, too."""
    folder = tmp_path / "given/classifier"
    folder.mkdir(parents=True)
    for name, content in files_of(ROOT / "tests/formats/classifier-2").items():
        (folder / name).write_bytes(content)
    with serving({}) as hub:
        use_hub(monkeypatch, hub.url, tmp_path / "given/cache")
        hub.folder = folder
        hub.upload = lambda **others: hub.repositories.update({"me/good": Repository(files_of(folder), **others)})
        yield hub


@pytest.mark.parametrize("case", ["external data outside", "unknown operator", "terabytes"])
def test_hostile_graph(given, case, request):
    (given.folder / "model.onnx").write_bytes(GRAPHS[case]())
    with_checksums(given.folder)
    given.upload()
    request.getfixturevalue("within_bounds")
    rejected(lambda: load_classifier(find_classifier(ADDRESS)))


def test_wrong_labels(given, within_bounds):
    path = given.folder / "labels.json"
    path.write_bytes(LABELS["the same label twice"](path.read_bytes()))
    with_checksums(given.folder)
    given.upload()
    rejected(lambda: load_classifier(find_classifier(ADDRESS)))


@pytest.mark.parametrize("seed", range(FLIPS))
@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_bit_on_the_way(given, within_bounds, name, seed):
    given.upload(sent={name: flipped((given.folder / name).read_bytes(), seed)})
    rejected(lambda: find_classifier(ADDRESS))


@pytest.mark.parametrize("seed", range(FLIPS))
def test_a_wrong_bit_that_was_uploaded(given, within_bounds, seed):
    path = given.folder / "model.onnx"
    path.write_bytes(flipped(path.read_bytes(), seed))
    with_checksums(given.folder)
    given.upload()
    predicts_or_rejects(find_classifier(ADDRESS))


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json.gz", "classifier.json", "README.md"])
def test_sizes_that_no_file_has(given, within_bounds, name):
    (given.folder / name).touch()
    for size in (-1, LIMITS[name] + 1, 10**30, None, "9", 0.5, True, [], {}):
        given.upload(sizes={name: size})
        rejected(lambda: find_classifier(ADDRESS))
    assert not any("resolve" in request for request in given.requests)


@pytest.mark.parametrize("name", ["model.onnx", "README.md"])
def test_a_file_that_is_larger_than_announced_is_refused(given, within_bounds, name):
    (given.folder / name).touch()
    given.upload(sent={name: bytes(20 * MIB)})
    rejected(lambda: find_classifier(ADDRESS))


def test_thousands_of_files_cost_nothing(given, within_bounds):
    names = {f"evil{number}": b"" for number in range(5000)}
    given.repositories["me/good"] = Repository({**files_of(given.folder), **names})
    assert set(files_of(find_classifier(ADDRESS))) == set(NAMES)
