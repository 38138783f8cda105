"""A classifier is pickled and copied by the content of its folder, and predicts in other processes."""

import copy
import io
import multiprocessing
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import textclf
from textclf.core.errors import RunError

TEXTS = ["a wonderful film", "a waste of time", "", "好"] * 100  # in several threads


@pytest.fixture
def classifier(finished_runs, tmp_path):
    return textclf.load(shutil.copytree(finished_runs / "runs/toy_en/classifier", tmp_path / "classifier"))


def through_joblib(classifier):
    joblib = pytest.importorskip("joblib")
    file = io.BytesIO()
    joblib.dump(classifier, file)
    return joblib.load(io.BytesIO(file.getvalue()))


@pytest.mark.parametrize(
    "copied",
    [
        *[lambda one, protocol=protocol: pickle.loads(pickle.dumps(one, protocol)) for protocol in (2, 4, 5)],
        copy.copy,
        copy.deepcopy,
        through_joblib,
    ],
)
def test_a_copy_predicts_the_same(classifier, copied):
    before = classifier.predict_proba(TEXTS)
    found = copied(classifier)
    assert found is not classifier
    assert found.predict_proba(TEXTS).tolist() == before.tolist()
    assert found.predict(TEXTS) == classifier.predict(TEXTS)
    assert (found.labels, found.metadata, found.folder) == (classifier.labels, classifier.metadata, classifier.folder)
    assert copied(found).predict(TEXTS[:2]) == classifier.predict(TEXTS[:2])


def test_a_threshold_that_was_set_stays(classifier):
    classifier.decision = classifier.decision.with_threshold(0.99, classifier.targets)
    assert copy.deepcopy(classifier).decision == classifier.decision


def test_a_copy_needs_the_folder_no_more(classifier):
    content = pickle.dumps(classifier)
    shutil.rmtree(classifier.folder)
    assert pickle.loads(content).predict(TEXTS) == classifier.predict(TEXTS)


def test_a_folder_that_is_gone_or_has_changed_is_said(classifier):
    (classifier.folder / "labels.json").write_text("{}")
    with pytest.raises(RunError, match=r"labels\.json: its size or checksum differs"):
        pickle.dumps(classifier)
    shutil.rmtree(classifier.folder)
    with pytest.raises(RunError, match="No such file"):
        copy.deepcopy(classifier)


def test_the_folder_may_be_named_relative_to_another_place(classifier, monkeypatch, tmp_path):
    monkeypatch.chdir(classifier.folder.parent)
    relative = textclf.load("classifier")
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert pickle.loads(pickle.dumps(relative)).predict(TEXTS) == classifier.predict(TEXTS)


@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_other_processes_predict_the_same(classifier, method):
    expected = classifier.predict(TEXTS)  # also starts threads, which a fork does not have
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map_async(classifier.predict, [TEXTS, TEXTS[:1]]).get(timeout=100) == [expected, expected[:1]]


def test_a_forked_process_uses_the_classifier_of_its_parent(classifier):
    expected = classifier.predict(TEXTS)
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=lambda: sender.send(classifier.predict(TEXTS)))
    process.start()
    assert receiver.poll(60)
    assert receiver.recv() == expected
    process.join(60)
    assert process.exitcode == 0


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_change_nothing_and_are_kept(classifier, threads):
    limited = textclf.load(classifier.folder, threads=threads)
    assert limited.predict_proba(TEXTS).tolist() == classifier.predict_proba(TEXTS).tolist()
    assert pickle.loads(pickle.dumps(limited)).threads == threads


def test_threads_are_at_least_one(classifier):
    with pytest.raises(ValueError, match="threads: expected an integer >= 1, got '2'"):
        textclf.load(classifier.folder, threads="2")
    with pytest.raises(ValueError, match="threads: expected an integer >= 1, got 0"):
        textclf.load(classifier.folder, threads=0)


def test_many_threads_predict_at_once(classifier):
    expected = classifier.predict_proba(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(classifier.predict_proba, [TEXTS] * 8):
            np.testing.assert_allclose(found, expected, atol=1e-6)  # of more texts a graph with tables is made
