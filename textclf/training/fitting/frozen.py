"""Frozen encoders: only the layers above the encoder are fitted, to vectors that the cache keeps.

An encoder that does not change gives the same vector in every epoch. Each text is encoded once, and every later fit
with the same encoder reads its vector from the cache: a refit, another fold of a cross-validation, another run. After
a contrastive step, an encoder is another one.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from textclf import __version__
from textclf.config.ensemble import Member
from textclf.core.encoder_source import resolve
from textclf.core.errors import ConfigError, TrainingError
from textclf.core.files import checksum
from textclf.export.onnx import build_graph
from textclf.inference.engine import Engine
from textclf.inference.onnx.session import GraphError
from textclf.models import ARCHITECTURES
from textclf.models.encoder import encoder_of, head
from textclf.models.encoder.config import CONFIG
from textclf.models.encoder.weights_file import WEIGHTS
from textclf.models.sizes import Sizes, sizes_of
from textclf.preprocessing.ragged import Ragged, select
from textclf.training.encoded_dataset import EncodedDataset
from textclf.training.fitting.compile import build_network
from textclf.training.fitting.contrastive import tune_encoder
from textclf.training.fitting.task import Task
from textclf.training.fitting.validation import predict_logits
from textclf.training.vector_cache import VectorCache

VECTORS = "text_vectors"
READING = "word table of 8 bits, vectors of length 1"  # how textclf reads a frozen encoder
TRAINED = "logits"  # the layer that is fitted above a frozen encoder


def trained_part(
    member: Member, task: Task, cache: Path, checkpoint: Path | None = None
) -> tuple[keras.Model, keras.Model, Task]:
    """Return the network of a member, the part of it that is fitted, and the task of that part.

    The part is the whole network, or the layers above a frozen encoder. It does not share its layers with the network.

    Args:
        task: with the arrays of all members.
        cache: the folder of the vectors.
        checkpoint: the file for the weights of an encoder after a contrastive step; None: they are not kept.

    Raises:
        ConfigError, DataError: a file of pretrained weights cannot be used, or tokens are to be changed in training.
        TrainingError: the texts need too much memory, or as for `tune_encoder`.
        RunError, Interrupted: as for `tune_encoder`.
        WriteError: the disk has no room for the vectors.
    """
    task = task.select(ARCHITECTURES[member.model.architecture].INPUTS)
    network = build_network(member, task)
    if not getattr(member.model, "is_frozen", False):
        return network, network, task
    changes = member.training.augmentation
    if changes and (changes.deletion or changes.swap):
        raise ConfigError(
            "training.augmentation: expected deletion and swap of 0 with model.trained_layers: 0, because a frozen "
            "encoder reads each text once."
        )
    if member.model.label_texts:
        texts = _label_texts(member.model, task)
        task = task._replace(train=EncodedDataset.concatenate([_weighted(task.train), texts]))
    encoder = encoder_of(network)
    is_tuned = member.model.contrastive_steps and tune_encoder(encoder, member, task, checkpoint)
    vectors = keras.Input((encoder.output_shape[-1],), name=VECTORS)
    part = keras.Model({VECTORS: vectors}, head(member.model, vectors, network.output_shape[-1]), name="head")
    part.get_layer(TRAINED).set_weights(network.get_layer(TRAINED).get_weights())
    encode = _encode_function(encoder, task)
    key = _key(member, sizes_of(task.preprocessor), encoder if is_tuned else None)
    store = VectorCache(cache, key, encoder.output_shape[-1])

    def encoded(dataset: EncodedDataset) -> EncodedDataset:
        return dataset._replace(arrays={VECTORS: store.vectors(dataset.arrays["token_ids"], encode)})

    return network, part, task._replace(train=encoded(task.train), validation=encoded(task.validation))


def _label_texts(options: Any, task: Task) -> EncodedDataset:
    """Return the texts that describe labels, as training texts.

    Args:
        options: of the encoder.
    """
    labels, texts = list(options.label_texts), list(options.label_texts.values())
    arrays = select(task.preprocessor.encode_arrays(texts), list(task.train.arrays))
    rows = range(1, len(labels) + 1)
    classes = task.objective.targets.encode([(label,) for label in labels], rows=rows, name="model.label_texts")
    return EncodedDataset(arrays, classes, np.full(len(labels), options.label_text_weight, np.float32))


def _weighted(dataset: EncodedDataset) -> EncodedDataset:
    """Return the dataset with the weights that its texts have."""
    weights = np.ones(len(dataset.classes), np.float32) if dataset.weights is None else dataset.weights
    return dataset._replace(weights=weights)


def _encode_function(encoder: keras.Model, task: Task) -> Callable[[Ragged], np.ndarray]:
    """Return the function that encodes texts: token ids -> vectors, (texts, width).

    On a CPU the inference engine is faster than TensorFlow (docs/experiments.md).
    """
    width, padding = encoder.output_shape[-1], task.preprocessor.options.padding

    @cache
    def engine() -> Engine:
        graph = build_graph(encoder, activation="linear", padding=padding)
        operators = {node.op_type for node in graph.graph.node}
        return Engine(graph.SerializeToString(), task.preprocessor, width, operators, ["token_ids"], lowest=-1.0)

    def encode(rows: Ragged) -> np.ndarray:
        if tf.config.list_physical_devices("GPU"):
            return predict_logits(encoder, {"token_ids": rows}, padding=padding)
        try:
            return engine().run({"token_ids": rows})
        except GraphError as error:
            raise TrainingError(
                f"the encoder cannot read the texts: {error}. Try a lower preprocessing.sequence_length."
            ) from error

    return encode


def use_trained(network: keras.Model, part: keras.Model) -> None:
    """Put the weights of the fitted part into its network."""
    if part is not network:
        network.get_layer(TRAINED).set_weights(part.get_layer(TRAINED).get_weights())


def _key(member: Member, sizes: Sizes, tuned: keras.Model | None) -> str:
    """Return what the vector of a text depends on, beside its token ids: the encoder, and how textclf reads it.

    Args:
        tuned: the encoder, if its weights are no longer those of its files.
    """
    folder = resolve(member.model.weights, member.model.revision).folder
    files = [checksum(folder / name) for name in (CONFIG, WEIGHTS)]
    if tuned:
        files.append(_digest(tuned))
    windows = f"windows of {sizes.sequence_length}" if sizes.windows else "one window"
    return " ".join([*files, member.model.pooling, READING, windows, __version__])


def _digest(model: keras.Model) -> str:
    """Return the SHA-256 of the weights of a network."""
    digest = hashlib.sha256()
    for weight in model.weights:
        digest.update(np.ascontiguousarray(weight.numpy()).data)
    return digest.hexdigest()
