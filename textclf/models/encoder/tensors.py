"""The tensors of an encoder in its files, and which of them each of our layers gets. No Keras here."""

from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple

import numpy as np

from textclf.models.encoder.config import EncoderConfig

# Tensor name, shape -> values, float32. It raises an error that names the tensor if there is none of that shape.
Read = Callable[[str, tuple[int, ...]], np.ndarray]
# Older checkpoints, for example bert-base-uncased, call scale and shift of a normalization gamma and beta.
OLD_NAMES = {"weight": "gamma", "bias": "beta"}


class TensorNames(NamedTuple):
    """The names of the tensors in the files of a family, without `.weight` and `.bias`; `{layer}` counts from 0."""

    words: str
    positions: str
    types: str | None  # the vectors of first and second sentences; None: the family has none
    embedding_normalization: str
    query: str
    key: str
    value: str
    attention_output: str
    attention_normalization: str
    hidden: str
    output: str
    output_normalization: str


def layer_weights(
    config: EncoderConfig, family: Any, known: Collection[str], read: Read, padding: int | None = None
) -> Iterator[tuple[str, list[np.ndarray]]]:
    """Yield the name of each layer of `encoder/network.py` and its weights, in the order of Keras's `set_weights`.

    Args:
        family: a module of `FAMILIES`.
        known: the names of all tensors in the files.
        read: see `Read`.
        padding: the id of padding of its tokenizer, by default that of its settings. The two may differ: a BERT with
            the tokenizer of XLM-R has 1 in one file and 0 in the other.
    """
    padding = config.pad_token_id if padding is None else padding
    names, dim, hidden = family.TENSORS, config.hidden_size, config.intermediate_size

    def values(name: str, kind: str, shape: tuple[int, ...], layer: int = 0) -> np.ndarray:
        return read(_found(name.format(layer=layer), kind, family.PREFIX, known), shape)

    def normalization(name: str, layer: int = 0) -> list[np.ndarray]:
        return [values(name, kind, (dim,), layer) for kind in ("weight", "bias")]

    def dense(name: str, inputs: int, outputs: int, layer: int) -> list[np.ndarray]:
        return [values(name, "weight", (outputs, inputs), layer).T, values(name, "bias", (outputs,), layer)]

    yield "embedding", [with_padding_first(values(names.words, "weight", (config.vocab_size, dim)), padding)]
    yield "positions", [_positions(config, family, values)]
    yield "embedding_normalization", normalization(names.embedding_normalization)
    for layer in range(config.num_hidden_layers):
        number = layer + 1
        projections = [dense(name, dim, dim, layer) for name in (names.query, names.key, names.value)]
        kernels, biases = zip(*projections, strict=True)
        output = dense(names.attention_output, dim, dim, layer)
        yield f"attention_{number}", [np.concatenate(kernels, axis=1), np.concatenate(biases), *output]
        yield f"attention_normalization_{number}", normalization(names.attention_normalization, layer)
        yield f"hidden_{number}", dense(names.hidden, dim, hidden, layer)
        yield f"output_{number}", dense(names.output, hidden, dim, layer)
        yield f"output_normalization_{number}", normalization(names.output_normalization, layer)


def with_padding_first(table: np.ndarray, padding: int) -> np.ndarray:
    """Return the word table with the rows of padding and of id 0 exchanged, as `tokenizers/pretrained.py` does it."""
    if not padding:
        return table
    exchanged = table.copy()
    exchanged[[0, padding]] = table[[padding, 0]]
    return exchanged


def first_position(config: EncoderConfig, family: Any) -> int:
    """Return the row of the position table that the first token reads."""
    return config.pad_token_id + 1 if family.POSITIONS_AFTER_PADDING else 0


def _positions(config: EncoderConfig, family: Any, values: Callable) -> np.ndarray:
    """Return the vectors of the positions, with the vector of first sentences added: every text is one sentence."""
    rows, dim = config.max_position_embeddings, config.hidden_size
    table = values(family.TENSORS.positions, "weight", (rows, dim))[first_position(config, family) :]
    if family.TENSORS.types is None:
        return table
    return table + values(family.TENSORS.types, "weight", (config.type_vocab_size, dim))[0]


def _found(name: str, kind: str, prefix: str, known: Collection[str]) -> str:
    """Return the name that a tensor has in the files, or its usual one if they have none of the possible names."""
    possible = [f"{before}{name}.{end}" for before in ("", prefix) for end in (kind, OLD_NAMES[kind])]
    return next((each for each in possible if each in known), possible[0])
