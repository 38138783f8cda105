"""Why this answer: what each word of a text does to it, found by leaving the word out. No TensorFlow here.

Words are taken from the text as it was written, by the rule of the tokenizer `word` (Unicode words; punctuation,
symbols and Chinese and Japanese characters alone), whatever tokenizer the classifier has: learned pieces mean little
to a reader, and no tokenizer has to say where in the text each of its tokens stood. A word that is left out takes all
that it is part of with it: pieces, pairs of words, the Chinese word around a character.
"""

import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from textclf.core.text_column import text_array
from textclf.inference.classifier import Classifier
from textclf.inference.predict import Answer, answers, one_line
from textclf.preprocessing.word_boundaries import words_in

MOST_SPANS = 1000  # of one text: each is answered as a whole text, and longer texts are taken apart more coarsely
MOST_WORDS_SHOWN = 10
APOSTROPHES = ("'", "\u2019")


class Span(NamedTuple):
    """A part of a text, `text[start:end]`."""

    start: int
    end: int


class Explanation(NamedTuple):
    """What the words of one text do to its answer.

    `effects[span, label]` is by how much the probability of the label, in the order of the classifier's, is higher
    with the span than without it.
    """

    answer: Answer
    spans: list[Span]
    effects: np.ndarray  # float32 (spans, labels)

    def words(self) -> list[str]:
        """The text of every span."""
        return [self.answer.text[span.start : span.end] for span in self.spans]


def explain(
    classifier: Classifier, text: str, *, threshold: float | None = None, top_k: int | None = None
) -> Explanation:
    """Find by how much every word changes the probabilities: the text is answered again without each of them.

    Args:
        threshold: as for `Classifier.predict`.
        top_k: how many of the most probable labels the answer has; by default all.

    Example:
        >>> explanation = textclf.explain(textclf.load("runs/latest"), "a wonderful film")
        >>> dict(zip(explanation.words(), explanation.effects[:, 1]))
        {'a': 0.01, 'wonderful': 0.43, 'film': 0.02}
    """
    [text] = text_array([text]).to_pylist()  # what is no valid Unicode is replaced, and the spans are of the result
    spans = find_spans(text)
    probabilities = classifier.predict_proba([text, *(without(text, span) for span in spans)])
    [answer] = answers(classifier, [text], threshold=threshold, top_k=top_k)
    return Explanation(answer, spans, probabilities[0] - probabilities[1:])


def find_spans(text: str) -> list[Span]:
    """Where the words of a text stand; of a very long one, several words to a span."""
    words: list[Span] = []
    position = 0
    for word in _words(text):
        start = text.index(word, position)
        position = start + len(word)
        if len(words) > 1 and text[words[-1].start : start] in APOSTROPHES and words[-2].end == words[-1].start:
            words[-2:] = [Span(words[-2].start, position)]  # don't is one word to a reader
        else:
            words.append(Span(start, position))
    together = -(-len(words) // MOST_SPANS) or 1
    groups = [words[first : first + together] for first in range(0, len(words), together)]
    return [Span(group[0].start, group[-1].end) for group in groups]


def without(text: str, span: Span) -> str:
    """The text with a space in place of a span: its neighbours never become one word."""
    return f"{text[: span.start]} {text[span.end :]}"


def explained_labels(explanation: Explanation, labels: list[str], *, only_top: bool) -> list[str]:
    """The labels of which an explanation speaks: those of the answer, or the most probable ones where few are shown.

    An answer without any label is explained by the one that came nearest.
    """
    answer = explanation.answer
    if only_top:
        return list(answer.probabilities)
    return list(answer.labels) or [max(labels, key=answer.probabilities.__getitem__)]


def explanation_lines(
    classifier: Classifier,
    chunks: Iterable[list[str]],
    format: str,
    *,
    threshold: float | None = None,
    top_k: int | None = None,
) -> Iterator[str]:
    """Lines to print for texts, in their order; arguments as for `explain`."""
    for texts in chunks:
        for text in texts:
            explanation = explain(classifier, text, threshold=threshold, top_k=top_k)
            explained = explained_labels(explanation, classifier.labels, only_top=top_k is not None)
            yield from WRITERS[format](explanation, explained, classifier)


def strongest(explanation: Explanation, column: int, most: int = MOST_WORDS_SHOWN) -> list[tuple[str, float]]:
    """The words with the largest effect on one label, for or against it, the largest first."""
    effects = explanation.effects[:, column].tolist()
    pairs = sorted(zip(explanation.words(), effects, strict=True), key=lambda pair: -abs(pair[1]))
    return pairs[:most]


def _as_text(explanation: Explanation, explained: list[str], classifier: Classifier) -> Iterator[str]:
    """`label<TAB>probability<TAB>word effect  word effect …`, the strongest words first; a line a label."""
    for label in explained:
        words = strongest(explanation, classifier.labels.index(label))
        shown = "  ".join(f"{one_line(word)} {effect:+.4f}" for word, effect in words)
        yield f"{one_line(label)}\t{explanation.answer.probabilities[label]:.4f}\t{shown}"


def _as_jsonl(explanation: Explanation, explained: list[str], classifier: Classifier) -> Iterator[str]:
    """The answer as without explanation, and `"explanation": {label: [{"start", "end", "word", "effect"}]}`."""
    answer = explanation.answer
    content = {}
    for label in explained:
        effects = explanation.effects[:, classifier.labels.index(label)].astype(float).round(6).tolist()
        spans = zip(explanation.spans, explanation.words(), effects, strict=True)
        content[label] = [
            {"start": span.start, "end": span.end, "word": word, "effect": effect} for span, word, effect in spans
        ]
    yield json.dumps({**answer.to_dict(classifier.targets), "explanation": content}, ensure_ascii=False)


WRITERS = {"text": _as_text, "jsonl": _as_jsonl}


def _words(text: str) -> list[str]:
    return words_in(text_array([text])).values.to_pylist()
