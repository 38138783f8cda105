"""Weights of an encoder, from files that the library `safetensors` writes. Hostile files are in `tests/hostile`."""

import json

import numpy as np
import pytest
import safetensors.numpy

from textclf.core.errors import DataError
from textclf.models.encoder.weights_file import read_index, read_object, read_tensor

NUMBERS = np.array([[0.5, -1.25, 3.0], [1e-3, 100.0, -7.0]])


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.float64])
def test_what_the_library_writes_is_read(tmp_path, dtype):
    arrays = {"a.weight": NUMBERS.astype(dtype), "b": np.arange(4, dtype=np.int64), "c": np.array(2.5, np.float32)}
    safetensors.numpy.save_file(arrays, tmp_path / "model.safetensors", metadata={"format": "pt"})
    tensors = read_index(tmp_path)
    assert {name: tensor.shape for name, tensor in tensors.items()} == {"a.weight": (2, 3), "b": (4,), "c": ()}
    found = read_tensor(tensors, "a.weight", (2, 3))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, NUMBERS.astype(dtype).astype(np.float32))
    assert read_tensor(tensors, "c", ()) == 2.5


def test_bf16_is_the_upper_half_of_float32(tmp_path):
    upper = (np.array([1.0, -2.5, 0.15625], "<f4").view("<u4") >> 16).astype("<u2").tobytes()
    header = json.dumps({"a": {"dtype": "BF16", "shape": [3], "data_offsets": [0, 6]}}).encode()
    (tmp_path / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + upper)
    np.testing.assert_array_equal(read_tensor(read_index(tmp_path), "a", (3,)), [1.0, -2.5, 0.15625])


def test_several_files_with_an_index(tmp_path):
    safetensors.numpy.save_file({"a": np.ones(2, np.float32)}, tmp_path / "model-00001-of-00002.safetensors")
    safetensors.numpy.save_file({"b": np.zeros(3, np.float32)}, tmp_path / "model-00002-of-00002.safetensors")
    files = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": files}))
    tensors = read_index(tmp_path)
    np.testing.assert_array_equal(read_tensor(tensors, "a", (2,)), [1, 1])
    np.testing.assert_array_equal(read_tensor(tensors, "b", (3,)), [0, 0, 0])
    index.write_text(json.dumps({"weight_map": {**files, "c": "model-00001-of-00002.safetensors"}}))
    with pytest.raises(DataError, match="names 'c' in it, but it is not there"):
        read_index(tmp_path)
    index.write_text(json.dumps({"weight_map": {**files, "c": "model-00003-of-00002.safetensors"}}))
    with pytest.raises(DataError, match=r"model-00003-of-00002\.safetensors: cannot be read"):
        read_index(tmp_path)


@pytest.mark.parametrize(
    ("name", "shape", "words"),
    [
        ("b", (2,), "expected a tensor 'b', but there is none"),
        ("a.weigth", (2,), "did you mean 'a.weight'?"),
        ("a.weight", (3, 2), r"a\.weight: expected the shape 3 x 2 that config\.json says, got 2 x 3"),
        ("ids", (2,), r"ids: expected values of F64, F32, F16, BF16, got I64"),
        ("wild", (2,), "wild: expected finite numbers, got NaN or infinity"),
        ("large", (1,), "large: expected finite numbers, got NaN or infinity"),
    ],
)
def test_a_tensor_that_does_not_fit(tmp_path, name, shape, words):
    arrays = {
        "a.weight": NUMBERS.astype(np.float32),
        "ids": np.arange(2),
        "wild": np.array([1, np.nan], np.float32),
        "large": np.array([1e300]),
    }
    safetensors.numpy.save_file(arrays, tmp_path / "model.safetensors")
    with pytest.raises(DataError, match=words.replace("?", r"\?")):
        read_tensor(read_index(tmp_path), name, shape)


def test_pickled_weights_are_rejected_with_the_reason(tmp_path):
    with pytest.raises(DataError, match=r"expected model\.safetensors, but there is none"):
        read_index(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"cposix\nsystem\n(S'touch harmed'\ntR.")
    with pytest.raises(DataError, match=r"got pytorch_model\.bin\. These files are pickles: reading them can run any"):
        read_index(tmp_path)
    assert not list(tmp_path.glob("harmed"))


def test_a_link_of_the_hubs_cache_is_followed(tmp_path):
    (tmp_path / "blob").write_text('{"a": 1}')
    (tmp_path / "config.json").symlink_to("blob")
    assert read_object(tmp_path / "config.json") == {"a": 1}
