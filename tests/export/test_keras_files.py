"""The forms for Keras and TensorFlow: they load in a script of their own, and give the classifier's probabilities."""

import ast
import subprocess
import sys

import keras
import numpy as np
import pytest

import textclf
from tests.pretrained import BERT
from textclf.core.errors import RunError
from textclf.export.export import Limits, export
from textclf.export.keras_files import custom_objects
from textclf.models import ARCHITECTURES, build_model
from textclf.models.layers import POOLINGS
from textclf.models.sizes import Sizes

TEXTS = ["a wonderful film", "好看的电影", "Хороший фильм 😀", "فيلم جيد", "좋은 영화"]
SMALL = {"lstm": {"units": 3, "num_layers": 2}, "cnn": {"filters": 3, "widths": [2]}, "ngrams": {}}
NETWORKS = [
    *SMALL.items(),
    ("transformer", {"num_heads": 2, "head_dim": 2, "num_layers": 1}),
    ("encoder", {"weights": BERT, "pooling": "cls"}),
    *(("lstm", {"units": 3, "pooling": pooling, "bidirectional": True}) for pooling in POOLINGS),
]


@pytest.mark.parametrize(("architecture", "options"), NETWORKS, ids=str)
def test_every_layer_is_loaded_again(architecture, options, tmp_path):
    sizes = Sizes(num_ids=9, sequence_length=6, num_ngrams=7, windows=architecture == "encoder")
    model = build_model(ARCHITECTURES[architecture].Options(**options), sizes, num_outputs=2)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", custom_objects=custom_objects())
    rows = {"token_ids": np.array([[2, 3, 0]], np.int32), "ngram_ids": np.array([[2, 3]], np.int32)}
    rows["ngram_weights"] = np.array([[0.6, 0.8]], np.float32)
    inputs = {tensor.name: rows[tensor.name] for tensor in model.inputs}
    np.testing.assert_allclose(loaded(inputs), model(inputs), atol=1e-6)


@pytest.mark.parametrize("run", ["toy_en", "toy_topics"])
def test_a_keras_model_gives_the_probabilities_of_the_classifier(with_runs, run):
    folder = export(run, format="keras").path
    assert folder.name == f"{run}-float32-keras"
    classifier = textclf.load(folder)
    model = keras.saving.load_model(folder / "model.keras", custom_objects=custom_objects())
    preprocessor = classifier.preprocessor
    outputs = model(preprocessor.pad(preprocessor.encode_arrays(TEXTS)))
    probabilities = classifier.targets.probabilities(outputs.numpy())
    np.testing.assert_allclose(probabilities, classifier.predict_proba(TEXTS), atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("steps", [0, 2])
def test_a_frozen_encoder_is_exported_whole(workplace, steps):
    """Its checkpoint has only the layer above it. After a contrastive step, the encoder has a checkpoint of its own."""
    data = {"train": "data/toy_en/train.csv", "test": "data/toy_en/test.csv"}
    model = {"architecture": "encoder", "weights": BERT, "trained_layers": 0, "contrastive_steps": steps}
    textclf.train({"data": data, "model": model, "preprocessing": {"sequence_length": 20}}, run="frozen")
    folder = export("frozen", format="keras").path
    loaded = keras.saving.load_model(folder / "model.keras", custom_objects=custom_objects())
    classifier = textclf.load(folder)
    outputs = loaded(classifier.preprocessor.pad(classifier.preprocessor.encode_arrays(TEXTS))).numpy()
    np.testing.assert_allclose(classifier.targets.probabilities(outputs), classifier.predict_proba(TEXTS), atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("format", ["keras", "saved_model"])
def test_the_script_in_the_folder_predicts(with_runs, root, textclf_command, format):
    written = textclf_command("export", "toy_en", "--format", format, "--output", "written")
    assert (written.returncode, written.stderr) == (0, b"")  # nothing of TensorFlow
    folder = with_runs / "written"
    found = subprocess.run(
        [sys.executable, "predict.py", *TEXTS], cwd=folder, env={"PYTHONPATH": str(root), "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    rows = [list(ast.literal_eval(line).values()) for line in found.stdout.splitlines() if line.startswith("{")]
    np.testing.assert_allclose(rows, textclf.load("toy_en").predict_proba(TEXTS), atol=1e-4)
    assert len((folder / "predict.py").read_text().splitlines()) < 20


def test_a_classifier_folder_alone_has_no_keras_network(with_runs):
    (with_runs / "runs/toy_en/classifier").rename("alone")
    with pytest.raises(RunError, match="expected a run"):
        export("alone", format="keras")


@pytest.mark.parametrize("options", [{"precision": "int8"}, {"limits": Limits(size=1)}])
def test_a_keras_network_has_no_lower_precision(with_runs, options):
    with pytest.raises(RunError, match="--format keras: expected --precision float32 and no --size"):
        export("toy_en", format="keras", **options)


def test_other_checkpoints_are_an_error(with_runs):
    (with_runs / "runs/toy_topics/checkpoints/best.npz").write_bytes(
        (with_runs / "runs/toy_zh/checkpoints/best.npz").read_bytes()
    )
    with pytest.raises(RunError, match=r"best\.npz: damaged"):
        export("toy_topics", format="saved_model")
