"""Batching: what waits goes together, options stay apart, and nobody fails for another."""

import asyncio
import threading

import pytest

import textclf
from textclf.inference.predict import predict_texts
from textclf.inference.server.batching import BATCH_TEXTS, Batcher, BoundedThread, Options
from textclf.inference.server.classifiers import load_served
from textclf.inference.server.limits import LIMITS
from textclf.inference.server.metrics import Metrics
from textclf.inference.server.problems import RequestError


@pytest.fixture
def served(sources):
    return load_served("toy_en", sources["toy_en"])


@pytest.fixture
def gated(served):
    return served._replace(classifier=Gate(served.classifier))


class Gate:
    """A classifier that waits until it is let go, and remembers what it was asked together."""

    def __init__(self, classifier):
        self.targets, self.decode, self._predict = classifier.targets, classifier.decode, classifier.predict_proba
        self.opened, self.asked = threading.Event(), []

    def predict_proba(self, texts):
        self.asked.append(len(texts))
        self.opened.wait(30)
        texts = texts.to_pylist()
        if "poison" in texts:
            raise ValueError("poison")
        return self._predict(texts)


async def first_and_others(gated, others):
    """Start one request, let the others wait behind it, then open the gate; the results of all."""
    batcher, gate = Batcher(Metrics()), gated.classifier
    tasks = [asyncio.ensure_future(batcher.predict(gated, ["first"], Options()))]
    while not gate.asked:
        await asyncio.sleep(0)
    tasks += [asyncio.ensure_future(batcher.predict(gated, *other)) for other in others]
    await asyncio.sleep(0)
    gate.opened.set()
    return await asyncio.gather(*tasks, return_exceptions=True)


def test_what_waits_is_predicted_together_each_with_its_options(gated, sources):
    others = [(["a", "b"], Options()), (["c"], Options(threshold=0.9)), (["d"], Options(top_k=1)), ([], Options())]
    results = asyncio.run(first_and_others(gated, others))
    assert gated.classifier.asked == [1, 4]
    classifier = textclf.load(sources["toy_en"])
    for (texts, options), predictions in zip([(["first"], Options()), *others], results, strict=True):
        expected = predict_texts(classifier, texts, **options._asdict())
        assert [(one.text, one.labels) for one in predictions] == [(one.text, one.labels) for one in expected]
        for one, other in zip(predictions, expected, strict=True):
            assert one.probabilities == pytest.approx(other.probabilities, abs=2e-6)


def test_a_text_that_fails_harms_nobody_else(gated):
    others = [(["a"], Options()), (["poison"], Options()), (["b"], Options())]
    results = asyncio.run(first_and_others(gated, others))
    assert [type(result) for result in results] == [list, list, ValueError, list]
    assert gated.classifier.asked == [1, 3, 1, 1, 1]


def test_many_texts_are_predicted_in_parts_so_that_others_come_in_between(gated):
    many = [str(number) for number in range(2 * BATCH_TEXTS + 1)]
    results = asyncio.run(first_and_others(gated, [(many, Options()), (["a"], Options())]))
    assert gated.classifier.asked == [1, BATCH_TEXTS, BATCH_TEXTS, 2]
    assert [one.text for one in results[1]] == many


def test_too_many_waiting_texts_get_503_and_leave_the_others_alone(gated):
    full = [(["x"] * LIMITS.texts, Options())] * (LIMITS.waiting_texts // LIMITS.texts)
    results = asyncio.run(first_and_others(gated, [*full, (["one"], Options())]))
    assert isinstance(results[-1], RequestError)
    assert (results[-1].status, results[-1].headers) == (503, {"retry-after": "1"})
    assert "expected at most 2,000 texts to wait, 2,000 do" in results[-1].detail
    assert [len(result) for result in results[:-1]] == [1, LIMITS.texts, LIMITS.texts]


def test_texts_of_a_request_that_is_gone_are_not_predicted(gated):
    batcher, gate = Batcher(Metrics()), gated.classifier

    async def run():
        first = asyncio.ensure_future(batcher.predict(gated, ["first"], Options()))
        while not gate.asked:
            await asyncio.sleep(0)
        gone = asyncio.ensure_future(batcher.predict(gated, ["gone", "too"], Options()))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        gate.opened.set()
        await first
        return await batcher.predict(gated, ["next"], Options())

    [prediction] = asyncio.run(run())
    assert prediction.text == "next"
    assert gated.classifier.asked == [1, 1]
    assert (batcher._num_texts, batcher._num_characters) == (0, 0)


def test_texts_of_two_classifiers_are_not_mixed(sources):
    one, two = (load_served(name, sources[name]) for name in ("toy_en", "toy_topics"))

    async def run():
        batcher = Batcher(Metrics())
        asked = [batcher.predict(served, ["a film"], Options()) for served in (one, two) * 3]
        return await asyncio.gather(*asked)

    for number, [prediction] in enumerate(asyncio.run(run())):
        assert list(prediction.probabilities) == (one, two)[number % 2].classifier.labels


def test_a_bounded_thread_has_room_for_so_many():
    thread, opened = BoundedThread("explanations", 2), threading.Event()

    async def run():
        tasks = [asyncio.ensure_future(thread.run([opened.wait])) for _ in range(3)]
        await asyncio.sleep(0)
        opened.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    *done, refused = asyncio.run(run())
    assert done == [[True], [True]]
    assert refused.status == 503
    assert "expected at most 2 of explanations to wait" in refused.detail
