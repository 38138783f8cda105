"""Why an answer: the words that a classifier goes by are found, wherever they stand and whatever the tokenizer."""

import json
import random
from itertools import pairwise

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import textclf
from tests.pretrained import tokenizer_options
from tests.tolerances import assert_close
from textclf.data.targets import Targets
from textclf.inference.classifier_files import classifier_files, write_classifier
from textclf.inference.decisions import Decision
from textclf.inference.explain import MOST_SPANS, explain, find_spans, format_explanations, strongest_words, without
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.tokenizers import TOKENIZERS

ENGLISH = ["the", "of", "and", "to", "a", "in", "is", "it", "for", "on", "as", "with"]
CHINESE = list("的一是在了有和人这中大为")
PLANTED = {  # tokenizer -> fillers, what stands between them, the word that decides
    "word": (ENGLISH, " ", "zebra"),
    "byte_pair": (ENGLISH, " ", "zebra"),
    "unigram": (ENGLISH, " ", "zebra"),
    "keras": (ENGLISH, " ", "zebra"),
    "character": (CHINESE, "", "鱼"),
    "pretrained": (ENGLISH, " ", "好"),  # its words are those of the tiny encoder
    "jieba": (CHINESE, "，", "鱼"),  # without commas it would find words of several characters
}

METADATA = {"text_column": "text", "label_column": "label", "reading": {}}


def planted_texts(fillers, space, planted, number):
    """Texts of meaningless words with the planted one somewhere among them."""
    chance = random.Random(0)
    for _ in range(number):
        words = chance.choices(fillers, k=8)
        words.insert(chance.randrange(9), planted)
        yield space.join(words)


def bag_of_tokens(preprocessor, planted):
    """A network that adds up a number a token: 3 for the tokens of the planted word, 0 for the others; minus 1."""
    weights = np.zeros((preprocessor.num_ids, 1), np.float32)
    weights[preprocessor.encode([planted]).values] = 3
    weights[preprocessor.encode([""]).values] = 0  # special tokens, or what stands for no token
    nodes = [
        onnx.helper.make_node("Gather", ["weights", "token_ids"], ["numbers"]),
        onnx.helper.make_node("ReduceSum", ["numbers", "axis"], ["sum"], keepdims=0),
        onnx.helper.make_node("Add", ["sum", "bias"], ["logits"]),
        onnx.helper.make_node("Sigmoid", ["logits"], ["probabilities"]),
    ]
    constants = {"weights": weights, "axis": np.array([1]), "bias": np.array([-1], np.float32)}
    graph = onnx.helper.make_graph(
        nodes,
        "bag",
        [onnx.helper.make_tensor_value_info("token_ids", onnx.TensorProto.INT32, ["batch", "tokens"])],
        [onnx.helper.make_tensor_value_info("probabilities", onnx.TensorProto.FLOAT, ["batch", 1])],
        [onnx.numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_the_planted_word_is_found_with_every_tokenizer(tmp_path, tokenizer):
    fillers, space, planted = PLANTED[tokenizer]
    texts = list(planted_texts(fillers, space, planted, 30))
    preprocessor = Preprocessor.fit(tokenizer_options(tokenizer), [*texts, *fillers, planted])
    model = bag_of_tokens(preprocessor, planted).SerializeToString()
    targets = Targets("binary", ["no", "yes"], [1, 1], ("no",))
    write_classifier(tmp_path / "c", classifier_files(model, preprocessor, targets, Decision(), METADATA))
    classifier = textclf.load(tmp_path / "c")
    for text in texts:
        explanation = explain(classifier, text)
        assert explanation.prediction.labels == ("yes",)
        assert strongest_words(explanation, 1)[0][0] == planted
        assert explanation.effects[:, 1].max() > 0.3


def test_what_a_training_learned_is_found(colours):
    for word, label in (("cherry", "red"), ("moss", "green"), ("ink", "blue")):
        explanation = explain(colours, f"{word} 3")
        assert strongest_words(explanation, colours.labels.index(label))[0][0] == word


def test_an_effect_is_what_leaving_the_word_out_changes(classifier):
    text = "a wonderful film, but dull"
    explanation = explain(classifier, text)
    assert explanation.words() == ["a", "wonderful", "film", ",", "but", "dull"]
    whole, shorter = classifier.predict_proba([text, "a   film, but dull"])
    assert_close(explanation.effects[1], whole - shorter)
    assert_close(explanation.effects.sum(axis=1), 0)  # two labels: one's gain, the other's loss


def test_a_text_is_predicted_once_with_all_words_and_once_without_each(classifier, monkeypatch):
    rows = []
    run = classifier._engine.run
    monkeypatch.setattr(
        classifier._engine, "run", lambda arrays: rows.append(len(arrays["token_ids"].lengths)) or run(arrays)
    )
    explanation = explain(classifier, "a wonderful film")
    assert rows == [4]
    assert explanation.prediction.labels == tuple(classifier.predict(["a wonderful film"]))


@pytest.mark.parametrize(("most", "batches"), [(10**7, [4]), (40, [2, 2]), (1, [1, 1, 1, 1])])
def test_copies_of_a_long_text_are_predicted_in_parts(classifier, monkeypatch, most, batches):
    expected, predicted = explain(classifier, "a wonderful film"), []
    monkeypatch.setattr("textclf.inference.explain.MOST_CHARACTERS", most)
    predict = classifier.predict_proba
    monkeypatch.setattr(classifier, "predict_proba", lambda texts: predicted.append(len(texts)) or predict(texts))
    found = explain(classifier, "a wonderful film")
    assert predicted == batches
    assert found.prediction == expected.prediction
    assert_close(found.effects, expected.effects)


def test_each_label_is_explained_by_its_own_words(colours):
    [line] = format_explanations(colours, [["rose and leaf"]], "jsonl")
    row = json.loads(line)
    assert sorted(row["explanation"]) == sorted(row["labels"]) == ["green", "red"]
    best = {label: max(spans, key=lambda span: span["effect"])["word"] for label, spans in row["explanation"].items()}
    assert best == {"green": "leaf", "red": "rose"}
    for spans in row["explanation"].values():
        assert [row["text"][span["start"] : span["end"]] for span in spans] == [span["word"] for span in spans]


def test_an_answer_without_labels_is_explained_by_the_nearest(colours):
    [row] = [json.loads(line) for line in format_explanations(colours, [["a 3 day"]], "jsonl")]
    assert row["labels"] == []
    assert list(row["explanation"]) == [max(row["probabilities"], key=row["probabilities"].get)]


def test_text_lines_name_the_strongest_words_first(classifier):
    lines = list(format_explanations(classifier, [["a wonderful film"], ["bad\n\tsoup"]], "text"))
    assert len(lines) == 2
    for line in lines:
        label, probability, words = line.split("\t")
        effects = [float(word.split(" ")[1]) for word in words.split("  ")]
        assert label in classifier.labels
        assert 0 <= float(probability) <= 1
        assert effects == sorted(effects, key=abs, reverse=True)


def test_top_k_explains_that_many_labels(classifier):
    [answer, other] = format_explanations(classifier, [["fine"]], "text", top_k=2)
    assert [answer.split("\t")[0], other.split("\t")[0]] == sorted(
        classifier.labels, key=lambda label: label != classifier.predict(["fine"])[0]
    )
    assert list(format_explanations(classifier, [["fine"]], "text", top_k=1)) == [answer]


def test_at_most_ten_words_are_named(classifier):
    [line] = format_explanations(classifier, [[" ".join(ENGLISH)]], "text")
    assert len(line.split("\t")[2].split("  ")) == 10


def test_a_threshold_decides_which_label_is_explained(classifier):
    for threshold, label in ((0.0, "positive"), (1.0, "negative")):
        [line] = format_explanations(classifier, [["fine"]], "text", threshold=threshold)
        assert line.startswith(f"{label}\t")


@pytest.mark.parametrize("format", ["text", "jsonl"])
@pytest.mark.parametrize("text", ["", "  \n", "!", "\ud800 x", "x" * 10_000])
def test_any_text_is_explained(classifier, format, text):
    assert len(list(format_explanations(classifier, [[text]], format))) == 1


WORDS = {
    "I don't know": ["I", "don't", "know"],
    "it’s 3.5, ok!": ["it’s", "3", ".", "5", ",", "ok", "!"],
    "'quoted' rock'n'roll": ["'", "quoted", "'", "rock'n'roll"],
    "味道很好，ok好ok": ["味", "道", "很", "好", "，", "ok", "好", "ok"],
    "\u0939\u093f\u0928\u094d\u0926\u0940 ☎️ x": ["\u0939\u093f\u0928\u094d\u0926\u0940", "☎", "x"],
}


@pytest.mark.parametrize("text", WORDS)
def test_words_are_those_of_a_reader(text):
    assert [text[span.start : span.end] for span in find_spans(text)] == WORDS[text]


def test_leaving_a_sign_out_makes_no_new_word():
    assert [without("bad,sad", span) for span in find_spans("bad,sad")] == [" ,sad", "bad sad", "bad, "]


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_spans_follow_each_other_and_hold_everything_but_spaces(text):
    spans = find_spans(text)
    assert all(before.end <= after.start for before, after in pairwise(spans))
    assert all(span.start < span.end for span in spans)
    letters = "".join(text[span.start : span.end] for span in spans)
    assert [character for character in letters if character.isalnum()] == [c for c in text if c.isalnum()]


def test_a_very_long_text_is_taken_apart_more_coarsely():
    text = " ".join(f"word{number}" for number in range(MOST_SPANS * 2 + 1))
    spans = find_spans(text)
    assert MOST_SPANS / 2 < len(spans) <= MOST_SPANS
    assert text[spans[0].start : spans[0].end] == "word0 word1 word2"
    assert spans[-1].end == len(text)
