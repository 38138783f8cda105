"""The engine: batches and lookup tables give the same probabilities, in the order of the texts."""

import numpy as np
import pytest

import textclf
from tests.tolerances import assert_close
from textclf.core.errors import RunError
from textclf.inference import engine
from textclf.inference.engine import ATTENTION_LIMITS, DEFAULT_LIMITS, LSTM_LOOKUP_LIMITS, TOKENS_PER_ID, _batches
from textclf.inference.onnx import lookup_tables
from textclf.inference.onnx.session import GraphError

WORDS = ["a", "wonderful", "film", "with", "the", "worst", "cast", "ever", "no", "end"]


def texts_of(rows: int) -> list[str]:
    random = np.random.default_rng(0)
    return [" ".join(random.choice(WORDS, 1 + row % 50)) for row in range(rows)]


def uses_tables(classifier) -> bool:
    return bool(vars(classifier._engine).get("_lookup_session"))


def enough(classifier) -> int:
    """Texts after which tables pay."""
    return 1 + TOKENS_PER_ID * classifier.preprocessor.num_ids // 20


def test_many_texts_get_the_answers_of_few(classifier):
    texts = texts_of(enough(classifier))
    few = np.concatenate([classifier.predict_proba(texts[start : start + 50]) for start in range(0, 500, 50)])
    assert not uses_tables(classifier)
    many = classifier.predict_proba(texts)
    assert uses_tables(classifier)
    assert_close(many[:500], few)
    assert few.std() > 0.1


def test_many_texts_may_come_bit_by_bit(classifier):
    texts, answered = texts_of(enough(classifier)), 0
    for start in range(0, len(texts), 200):
        some = texts[start : start + 200]
        classifier.predict_proba(some)
        answered += int(classifier.preprocessor.encode(some).lengths.sum())
        assert uses_tables(classifier) == (answered >= TOKENS_PER_ID * classifier.preprocessor.num_ids)
    assert uses_tables(classifier)


def test_a_few_texts_are_answered_without_tables_even_if_there_are_some(classifier, monkeypatch):
    texts = texts_of(enough(classifier))
    classifier.predict_proba(texts)
    assert uses_tables(classifier)
    monkeypatch.setitem(vars(classifier._engine), "_lookup_session", (None, {}))  # fails where it is used
    classifier.predict_proba(texts[: DEFAULT_LIMITS.rows - 1])
    with pytest.raises(RunError, match=r"model\.onnx"):
        classifier.predict_proba(texts[: DEFAULT_LIMITS.rows])


def test_a_large_graph_is_not_kept_twice(finished_runs, monkeypatch):
    monkeypatch.setattr(engine, "MOST_KEPT_BYTES", 1000)
    classifier = textclf.load(finished_runs / "runs" / "toy_en")
    classifier.predict_proba(texts_of(enough(classifier)))
    assert not uses_tables(classifier)


@pytest.mark.parametrize(
    "fault", [GraphError("of a name"), UnicodeDecodeError("utf-8", b"", 0, 1, ""), IndexError(), MemoryError()]
)
def test_a_graph_that_cannot_be_made_anew_answers_as_it_is(classifier, monkeypatch, fault):
    def fail(model, *, products):
        raise fault

    texts = texts_of(enough(classifier))
    expected = classifier.predict_proba(texts)
    assert uses_tables(classifier)
    again = type(classifier._engine)(
        classifier._engine._model, classifier.preprocessor, classifier.targets.num_outputs, {"LSTM"}
    )
    monkeypatch.setattr(lookup_tables, "add_lookup_tables", fail)
    classifier._engine = again
    assert_close(classifier.predict_proba(texts), expected)
    assert not uses_tables(classifier)


@pytest.mark.parametrize("limits", [DEFAULT_LIMITS, LSTM_LOOKUP_LIMITS, ATTENTION_LIMITS])
@pytest.mark.parametrize("lengths", [[], [1] * 1000, [5, 900, 1, 1, 30_000], [*range(1, 700), 100_000, 100_000]])
def test_batches_have_every_row_once_and_bounded_padding(lengths, limits):
    batches = _batches(np.array(lengths, np.int64), limits)
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) <= limits.rows
        longest = max(lengths[row] for row in batch)
        assert len(batch) <= limits.fewest_rows or len(batch) * longest <= limits.tokens
        assert len(batch) == 1 or len(batch) * longest**2 <= limits.pairs
    longest_of_each = [max(lengths[row] for row in batch) for batch in batches]
    assert longest_of_each == sorted(longest_of_each, reverse=True)
