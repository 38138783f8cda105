"""Every architecture and tokenizer, a text of each of five scripts: all forms of a classifier give one answer."""

import contextlib
import json
import os
import subprocess
from pathlib import Path

import keras
import numpy as np
import pytest

import textclf
from tests.browser import chromium, file_server
from tests.pretrained import BERT, REFERENCES
from textclf.export.export import Limits, export
from textclf.export.keras_files import custom_objects

TEXTS = ["a wonderful film", "味道很好的电影", "Хороший фильм 😀", "فيلم جيد جدا", "정말 좋은 영화"]
CASES = {
    "lstm and word": ("lstm", {"units": 4}, "word"),
    "cnn and character": ("cnn", {"filters": 4, "widths": [2, 3]}, "character"),
    "transformer and byte_pair": ("transformer", {"num_heads": 2, "head_dim": 4}, "byte_pair"),
    "lstm and unigram": ("lstm", {"units": 4, "bidirectional": True, "pooling": "attention"}, "unigram"),
    "ensemble and word": ("ensemble", {}, "word"),
    "encoder and pretrained, of BERT": ("encoder", {"weights": str(REFERENCES / "bert")}, "pretrained"),
    "encoder and pretrained, of RoBERTa": ("encoder", {"weights": str(REFERENCES / "roberta")}, "pretrained"),
    "frozen encoder": ("encoder", {"weights": BERT, "trained_layers": 0}, "pretrained"),
    "n-grams beside an encoder": ("ensemble", {"second": {"architecture": "encoder", "weights": BERT}}, "pretrained"),
}
ANY = Limits(most_changed=100)
NODE = """
import * as ort from "onnxruntime-web";
import { loadClassifier } from "./index.js";
ort.env.wasm.numThreads = 1;
const classifier = await loadClassifier(new URL("./", import.meta.url), ort);
console.log(JSON.stringify(await classifier.predictProba(JSON.parse(process.argv[2]))));
"""
IN_BROWSER = """async (texts) => {
    const ort = await import("./node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs");
    const { loadClassifier } = await import("./index.js");
    return (await loadClassifier("./", ort)).predictProba(texts);
}"""


def config_of(architecture: str, options: dict, tokenizer: str) -> dict:
    own = {} if architecture == "encoder" else {"embedding_dim": 6}
    model = {"architecture": architecture, **own, **options}
    if architecture == "ensemble":
        second = options.get("second", {"architecture": "cnn", "embedding_dim": 6, "filters": 4})
        members = [{"architecture": "ngrams"}, second]
        model = {"architecture": "ensemble", "members": [{"model": member} for member in members]}
    vocabulary = {} if tokenizer == "pretrained" else {"vocabulary_size": 300}
    return {
        "data": {"train": "data/toy_en/train.csv"},
        "model": model,
        "preprocessing": {"tokenizer": tokenizer, **vocabulary, "sequence_length": 40},
        "training": {"epochs": 1, "learning_rate": 0.02},
    }


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_all_forms_agree(workplace, textclf_main, case):
    textclf.train(config_of(*CASES[case]), run="run")
    expected = textclf.load("run").predict_proba(TEXTS)
    assert expected.std() > 0.001
    for form, probabilities in _answers(textclf_main).items():
        np.testing.assert_allclose(probabilities, expected, atol=1e-4, err_msg=form)


@pytest.mark.slow
@pytest.mark.parametrize("case", ["ensemble and word", "lstm and unigram", "n-grams beside an encoder"])
def test_all_forms_of_a_lower_precision_agree(workplace, textclf_main, case):
    textclf.train(config_of(*CASES[case]), run="run")
    for precision in ("float16", "int8", "int4"):
        folder = export("run", format="folder", precision=precision, output=precision, limits=ANY).path
        expected = textclf.load(folder).predict_proba(TEXTS)
        for form, probabilities in _answers(textclf_main, precision).items():
            np.testing.assert_allclose(probabilities, expected, atol=1e-4, err_msg=f"{precision}, {form}")


def _answers(textclf_main, precision: str = "float32") -> dict[str, np.ndarray]:
    """The probabilities of each form that can run here."""
    archive = export("run", precision=precision, output=f"{precision}.zip", limits=ANY).path
    lines = textclf_main("predict", "--run", archive.name, "--format", "jsonl", *TEXTS).stdout.splitlines()
    found = {
        "zip": textclf.load(archive).predict_proba(TEXTS),
        "shell": [list(json.loads(line)["probabilities"].values()) for line in lines],
    }
    if precision == "float32":
        found |= {"keras": _keras(), "saved_model": _saved_model()}
    with contextlib.suppress(ImportError):
        found["http"] = _http(archive.name)
    if modules := os.environ.get("NODE_MODULES"):  # a folder node_modules with onnxruntime-web
        folder = export("run", format="web", precision=precision, output=f"{precision}-web", limits=ANY).path
        (folder / "node_modules").symlink_to(Path(modules).resolve())
        found["node"] = _node(folder)
        found["browser"] = _browser(folder)
    return {form: np.array(values) for form, values in found.items()}


def _keras():
    folder = export("run", format="keras", output="k").path
    classifier = textclf.load(folder)
    model = keras.saving.load_model(folder / "model.keras", custom_objects=custom_objects())
    return _by_network(classifier, lambda inputs: model(inputs).numpy())


def _saved_model():
    import tensorflow as tf

    folder = export("run", format="saved_model", output="s").path
    model = tf.saved_model.load(str(folder / "saved_model"))
    return _by_network(textclf.load(folder), lambda inputs: model.serve(inputs).numpy())


def _by_network(classifier, network):
    inputs = classifier.preprocessor.pad(classifier.preprocessor.encode_arrays(TEXTS))
    return classifier.targets.probabilities(network(inputs))


def _http(archive: str):
    from tests.inference.server.conftest import Client, serving

    with serving({"x": archive}) as (port, _):
        answers = Client(port).post("/v1/predict", {"texts": TEXTS})["answers"]
    return [list(answer["probabilities"].values()) for answer in answers]


def _node(folder: Path):
    (folder / "ask.mjs").write_text(NODE)
    asked = subprocess.run(
        ["node", "ask.mjs", json.dumps(TEXTS)], cwd=folder, capture_output=True, text=True, check=True, timeout=120
    )
    return json.loads(asked.stdout.splitlines()[-1])


def _browser(folder: Path):
    with file_server(folder) as address, chromium() as browser:
        page = browser.new_context(bypass_csp=True).new_page()
        page.goto(address)
        return page.evaluate(IN_BROWSER, TEXTS)
