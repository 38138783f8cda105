"""The forms `keras` and `saved_model`: the trained network for people who go on in Keras or TensorFlow.

The network is built anew from the config of the run, gets the weights of its checkpoints, and is compared with the
classifier before anything is written.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from textclf.core.errors import RunError
from textclf.core.run_folder import RunFolder
from textclf.core.tensorflow_import import importing_tensorflow
from textclf.inference.classifier import Classifier

if TYPE_CHECKING:
    import keras

LARGEST_DIFFERENCE = 1e-4  # between the probabilities of the classifier and of the Keras model
TRIAL = ["a wonderful film", "好看的电影", "Хороший фильм", "فيلم جيد", "좋은 영화", ""]
SCRIPT = '''"""Predict with the network in this folder: python predict.py "some text"."""

import sys

{load}
classifier = textclf.load(".")  # the tokenizer and the labels
preprocessor = classifier.preprocessor
inputs = preprocessor.pad(preprocessor.encode_arrays(sys.argv[1:]))
outputs = {call}
for probabilities in classifier.targets.probabilities(outputs):
    print(dict(zip(classifier.labels, probabilities.tolist(), strict=True)))
'''
KERAS_LOAD = """import keras

import textclf
from textclf.export.keras_files import custom_objects

model = keras.saving.load_model("model.keras", custom_objects=custom_objects())"""
TF_LOAD = """import tensorflow as tf

import textclf

model = tf.saved_model.load("saved_model")"""


def keras_files(classifier: Classifier, name: str, run: RunFolder | None) -> dict[str, bytes]:  # noqa: ARG001
    """Return `model.keras` and a script that predicts with it.

    Raises:
        RunError: there is no run, it has no checkpoints, or its network does not answer as the classifier does.
    """
    return {
        **_saved(classifier, run, _save_keras),
        "predict.py": _script(KERAS_LOAD, "model.predict(inputs, verbose=0)"),
    }


def saved_model_files(classifier: Classifier, name: str, run: RunFolder | None) -> dict[str, bytes]:  # noqa: ARG001
    """Return a SavedModel of TensorFlow, in the folder `saved_model`, and a script that predicts with it.

    Raises:
        RunError: as `keras_files`.
    """
    return {**_saved(classifier, run, _save_saved_model), "predict.py": _script(TF_LOAD, "model.serve(inputs).numpy()")}


def custom_objects() -> dict[str, type]:
    """Return our layers by name, for `keras.saving.load_model`."""
    import keras

    from textclf.models import layers
    from textclf.models.encoder import layers as encoder_layers
    from textclf.models.xla_lstm.layer import LSTM

    kinds = [value for module in (layers, encoder_layers) for value in vars(module).values() if isinstance(value, type)]
    ours = [kind for kind in kinds if issubclass(kind, keras.Layer) and kind.__module__.startswith("textclf.")]
    return {**{kind.__name__: kind for kind in ours}, "LSTM": LSTM}


def keras_model(classifier: Classifier, run: RunFolder) -> "keras.Model":
    """Return the network of a run: named inputs -> the probabilities that `model.onnx` gives.

    Raises:
        RunError: a checkpoint is missing or damaged.
    """
    with importing_tensorflow():
        import keras

    from textclf.config.ensemble import members_of
    from textclf.config.run_config import read_run_config
    from textclf.models import build_model
    from textclf.models.sizes import sizes_of

    config, about, preprocessor = read_run_config(run), run.read_metadata(), classifier.preprocessor
    inputs = {
        name: keras.Input((None,), dtype="float32" if name == "ngram_weights" else "int32", name=name)
        for name in preprocessor.names
    }
    logits = []
    members = members_of(config.model, config.training)
    for number, member in enumerate(members, start=1):
        network = build_model(member.model, sizes_of(preprocessor), num_outputs=classifier.targets.num_outputs)
        folder = _folder(run, member.name, bool(about.get("refit")), len(members) > 1)
        _load(network, run, folder, is_frozen=getattr(member.model, "is_frozen", False))
        named = keras.Model(network.inputs, network.outputs[0], name=f"network_{number}")
        scale = about["networks"][member.name]["weight"] / about["temperature"]
        logits.append(keras.layers.Rescaling(scale)(named([inputs[tensor.name] for tensor in network.inputs])))
    combined = keras.layers.Add()(logits) if len(logits) > 1 else logits[0]
    return keras.Model(inputs, keras.layers.Activation(classifier.targets.activation, name="probabilities")(combined))


def _load(network: "keras.Model", run: RunFolder, folder: RunFolder, *, is_frozen: bool) -> None:
    """Give a network the weights of its checkpoints in a folder of a run."""
    from textclf.models.checkpoints import assign, load_checkpoint, trained_weights_of, weights_of
    from textclf.models.encoder import encoder_of

    path = run.inside(folder.best_checkpoint)
    # Of a frozen encoder, the checkpoint has the layer above it. After a contrastive step it has one of its own.
    trained = network.get_layer("logits") if is_frozen else network
    assign(weights_of(trained), load_checkpoint(path)[1], path=path)
    path = run.inside(folder.encoder_checkpoint)
    if is_frozen and path.exists():
        assign(trained_weights_of(encoder_of(network)), load_checkpoint(path)[1], path=path)


def _folder(run: RunFolder, name: str, refit: bool, is_ensemble: bool) -> RunFolder:
    """Return the folder with the final weights of a network."""
    if refit:
        name = f"refit-{name}"
    elif not is_ensemble:
        return run
    return RunFolder(run.path / "networks" / name)


def _saved(
    classifier: Classifier, run: RunFolder | None, save: Callable[["keras.Model", Path], None]
) -> dict[str, bytes]:
    if run is None:
        raise RunError("expected a run: a classifier folder alone has no Keras network. Name the run.")
    model, preprocessor = keras_model(classifier, run), classifier.preprocessor
    outputs = np.concatenate(
        [model.predict(preprocessor.pad(preprocessor.encode_arrays([text])), verbose=0) for text in TRIAL]
    )
    difference = np.abs(classifier.targets.probabilities(outputs) - classifier.predict_proba(TRIAL)).max()
    if not difference <= LARGEST_DIFFERENCE:
        raise RunError(f"{run.path}: the network of its checkpoints differs from its classifier by {difference:.2g}.")
    with tempfile.TemporaryDirectory() as folder:
        save(model, Path(folder))
        paths = (path for path in sorted(Path(folder).rglob("*")) if path.is_file())
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _save_keras(model: "keras.Model", folder: Path) -> None:
    model.save(folder / "model.keras")


def _save_saved_model(model: "keras.Model", folder: Path) -> None:
    model.export(folder / "saved_model", format="tf_saved_model", verbose=False)


def _script(load: str, call: str) -> bytes:
    return SCRIPT.format(load=load, call=call).encode()
