"""Explain a prediction: the effect of every word, measured by leaving the word out.

Words are those of the tokenizer `word` (Unicode words; punctuation, symbols, Chinese and Japanese characters alone),
whatever tokenizer the classifier has: subwords mean little to a reader. Leaving a word out removes everything it is
part of, for example its subwords and n-grams.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import NamedTuple

import numpy as np

from textclf.core.errors import DataError
from textclf.core.text_column import text_array
from textclf.inference.classifier import Classifier
from textclf.inference.predict import Prediction, make_predictions, one_line, with_kept
from textclf.preprocessing.word_boundaries import words_in

MOST_SPANS = 1000  # of one text: each costs a prediction, so in longer texts a span has several words
MOST_CHARACTERS = 10_000_000  # predicted together: a bound on memory, as a long text is there a thousand times
MOST_WORDS_SHOWN = 10
APOSTROPHES = ("'", "\u2019")


class Span(NamedTuple):
    """A part of a text, `text[start:end]`."""

    start: int
    end: int


class Explanation(NamedTuple):
    """The prediction for one text, and the effect of its words.

    `effects[span, label]` is the probability of the label with the span minus the probability without it, with labels
    in the order of the classifier.
    """

    prediction: Prediction
    spans: list[Span]
    effects: np.ndarray  # float32 (spans, labels)
    labels: list[str]

    def words(self) -> list[str]:
        """Return the text of every span."""
        return [self.prediction.text[span.start : span.end] for span in self.spans]

    def _repr_html_(self) -> str:
        """Return the text for a notebook, once for each explained label, its words coloured by their effect."""
        from textclf.core.html import html_text, html_words

        shown = []
        for label in explained_labels(self, self.labels, only_top=False):
            effects = self.effects[:, self.labels.index(label)].tolist()
            shown.append(f"<p><b>{html_text(label)}</b> {self.prediction.probabilities.get(label, 0.0):.4f}</p>")
            shown.append(html_words(self.prediction.text, self.spans, effects))
        return "".join(shown)


def explain(
    classifier: Classifier, text: str, *, threshold: float | None = None, top_k: int | None = None
) -> Explanation:
    """Return by how much every word changes the probabilities.

    Predicts the text once, and once more without each word.

    Args:
        classifier: what predicts.
        text: one text.
        threshold: as for `Classifier.predict`.
        top_k: give the probabilities of only so many labels, the most probable first.

    Raises:
        DataError: no classifier; or a threshold below 0 or above 1, or for a classifier with three or more exclusive
            labels.

    Example:
        >>> explanation = textclf.explain(textclf.load("runs/latest"), "a wonderful film")
        >>> dict(zip(explanation.words(), explanation.effects[:, 1]))
        {'a': 0.01, 'wonderful': 0.43, 'film': 0.02}
    """
    if not isinstance(classifier, Classifier):
        raise DataError(
            f"classifier: expected a textclf.Classifier, got {type(classifier).__name__}. Use textclf.load(run), or "
            "that of an estimator: estimator.classifier_."
        )
    [text] = text_array([text]).to_pylist()  # replaces invalid Unicode; the spans are of the result
    spans = find_spans(text)
    at_once = max(MOST_CHARACTERS // (len(text) + 1), 1)
    variants = chain([text], (without(text, span) for span in spans))
    parts = iter(lambda: list(islice(variants, at_once)), [])
    probabilities = np.concatenate([classifier.predict_proba(part) for part in parts])
    [prediction] = make_predictions(classifier, [text], probabilities[:1], threshold=threshold, top_k=top_k)
    return Explanation(prediction, spans, probabilities[0] - probabilities[1:], classifier.labels)


def find_spans(text: str) -> list[Span]:
    """Return the spans of the words; several words a span where a text has more than `MOST_SPANS`."""
    words: list[Span] = []
    position = 0
    for word in words_in(text_array([text])).values.to_pylist():
        start = text.index(word, position)
        position = start + len(word)
        if len(words) > 1 and text[words[-1].start : start] in APOSTROPHES and words[-2].end == words[-1].start:
            words[-2:] = [Span(words[-2].start, position)]  # "don't" is one word to a reader
        else:
            words.append(Span(start, position))
    together = -(-len(words) // MOST_SPANS) or 1
    groups = [words[first : first + together] for first in range(0, len(words), together)]
    return [Span(group[0].start, group[-1].end) for group in groups]


def without(text: str, span: Span) -> str:
    """Return the text with a space for a span, so that its neighbours do not become one word."""
    return f"{text[: span.start]} {text[span.end :]}"


def explained_labels(explanation: Explanation, labels: list[str], *, only_top: bool) -> list[str]:
    """Return the labels to explain: the predicted ones, or the top k; without a prediction the most probable one."""
    prediction = explanation.prediction
    if only_top:
        return list(prediction.probabilities)
    return list(prediction.labels) or [max(labels, key=lambda label: prediction.probabilities.get(label, 0.0))]


def explanation_to_dict(explanation: Explanation, labels: list[str], classifier: Classifier) -> dict:
    """Return plain JSON: the prediction with `"explanation": {label: [{"start", "end", "word", "effect"}]}`."""
    content = {}
    for label in labels:
        effects = explanation.effects[:, classifier.labels.index(label)].astype(float).round(6).tolist()
        spans = zip(explanation.spans, explanation.words(), effects, strict=True)
        content[label] = [
            {"start": span.start, "end": span.end, "word": word, "effect": effect} for span, word, effect in spans
        ]
    return {**explanation.prediction.to_dict(classifier.targets), "explanation": content}


def strongest_words(explanation: Explanation, column: int) -> list[tuple[str, float]]:
    """Return the words with the largest effect on one label, positive or negative, the largest first."""
    effects = explanation.effects[:, column].tolist()
    pairs = sorted(zip(explanation.words(), effects, strict=True), key=lambda pair: -abs(pair[1]))
    return pairs[:MOST_WORDS_SHOWN]


def format_explanations(
    classifier: Classifier,
    chunks: Iterable[list[str]],
    format: str,
    *,
    threshold: float | None = None,
    top_k: int | None = None,
) -> Iterator[str]:
    """Yield the lines to print, text by text, with the arguments of `predict.format_predictions`.

    Args:
        format: a key of this module's `FORMATTERS`.
    """
    for texts in chunks:
        kept = getattr(texts, "kept", None)
        for place, text in enumerate(texts):
            explanation = explain(classifier, text, threshold=threshold, top_k=top_k)
            [prediction] = with_kept([explanation.prediction], kept and kept[place : place + 1])
            explanation = explanation._replace(prediction=prediction)
            labels = explained_labels(explanation, classifier.labels, only_top=top_k is not None)
            yield from FORMATTERS[format](explanation, labels, classifier)


def _as_text(explanation: Explanation, labels: list[str], classifier: Classifier) -> Iterator[str]:
    """Yield `label<TAB>probability<TAB>word effect  word effect …` for every label, the strongest words first."""
    for label in labels:
        words = strongest_words(explanation, classifier.labels.index(label))
        shown = "  ".join(f"{one_line(word)} {effect:+.4f}" for word, effect in words)
        yield f"{one_line(label)}\t{explanation.prediction.probabilities[label]:.4f}\t{shown}"


def _as_jsonl(explanation: Explanation, labels: list[str], classifier: Classifier) -> Iterator[str]:
    """Yield `explanation_to_dict` of a text."""
    yield json.dumps(explanation_to_dict(explanation, labels, classifier), ensure_ascii=False)


FORMATTERS = {"text": _as_text, "jsonl": _as_jsonl}
