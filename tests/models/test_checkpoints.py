"""Checkpoints hold every weight and the optimizer, as plain arrays."""

import io
import zipfile

import keras
import numpy as np
import pytest

from textclf.core.errors import RunError
from textclf.models.checkpoints import assign, load_checkpoint, save_checkpoint, state_of, weights_of


def fitted_model(seed):
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((3,))
    hidden = keras.layers.Dropout(0.5, name="dropout")(keras.layers.Dense(4, name="hidden")(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1, name="logits")(hidden))
    model.compile(optimizer="adam", loss="mse", metrics=["mae"], run_eagerly=True)  # tracing takes longer
    model.train_on_batch(np.ones((2, 3)), np.ones((2, 1)))
    return model


def equal(one, two):
    return all(np.array_equal(a, b) for a, b in zip(one.values(), two.values(), strict=True))


@pytest.mark.parametrize("of", [weights_of, state_of])
def test_what_was_saved_comes_back(tmp_path, of):
    saved, other = fitted_model(1), fitted_model(2)
    save_checkpoint(tmp_path / "best.npz", of(saved))
    about, arrays = load_checkpoint(tmp_path / "best.npz")
    assert about == {}
    assign(of(other), arrays, path=tmp_path / "best.npz")
    assert equal(weights_of(saved), weights_of(other))
    assert equal(state_of(saved), state_of(other)) == (of is state_of)
    assert [path.name for path in tmp_path.iterdir()] == ["best.npz"]


def test_the_state_has_optimizer_seeds_and_running_metrics():
    names = list(state_of(fitted_model(1)))
    for part in ("model/001/hidden/bias", "seed_generator_state", "optimizer/000", "velocity", "metrics/000", "count"):
        assert any(part in name for name in names), part


def test_json_and_other_arrays_are_in_the_same_file(tmp_path):
    path, about = tmp_path / "last.npz", {"position": {"epoch": 3}, "rows": ["é", 0.1]}
    save_checkpoint(path, weights_of(fitted_model(1)), about, {"callbacks/Average/0": np.arange(3)})
    found, arrays = load_checkpoint(path)
    assert found == about
    assert arrays["callbacks/Average/0"].tolist() == [0, 1, 2]
    with np.load(path, allow_pickle=False) as archive:
        assert bytes(archive["about"]).startswith(b'{"position"')


def npz(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return stream.getvalue()


def npy(array, **options):
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def header_of(shape):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return stream.getvalue()


def compressed():
    stream = io.BytesIO()
    np.savez_compressed(stream, a=np.zeros(10**6))
    return stream.getvalue()


DAMAGED = {
    "nothing": b"",
    "no archive": b"PK" * 50,
    "no array": npz(a=b"0123456789"),
    "a pickle": npz(a=npy(np.array([{"code": 1}], object), allow_pickle=True)),
    "compressed": compressed(),
    "larger than it is": npz(a=header_of((10**12,))),
    "of negative size": npz(a=header_of((-1,)) + b"0" * 4),
    "JSON that is none": npz(about=npy(np.frombuffer(b"{", np.uint8))),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_a_clear_error(tmp_path, content):
    (tmp_path / "last.npz").write_bytes(content)
    with pytest.raises(RunError, match=r"last\.npz: damaged: .*to start over\.$"):
        load_checkpoint(tmp_path / "last.npz")


def test_every_flipped_bit_is_found(tmp_path):
    path, model = tmp_path / "last.npz", fitted_model(1)
    save_checkpoint(path, state_of(model), {"position": {"epoch": 3}})
    content, before = path.read_bytes(), {name: variable.numpy() for name, variable in state_of(model).items()}
    for position in range(0, len(content), 97):
        flipped = bytearray(content)
        flipped[position] ^= 16
        path.write_bytes(flipped)
        try:
            about, arrays = load_checkpoint(path)
            assign(state_of(model), arrays, path=path)
        except RunError:
            continue
        assert about == {"position": {"epoch": 3}}  # a bit that means nothing, such as the time of a file
    assert equal(before, state_of(model))


def test_weights_of_another_shape_are_an_error_and_none_is_assigned(tmp_path):
    model, path = fitted_model(1), tmp_path / "best.npz"
    arrays = {name: variable.numpy() for name, variable in weights_of(fitted_model(2)).items()}
    first, *_, last = arrays
    before = weights_of(model)[first].numpy()
    for wrong in (arrays[last][None], arrays[last].astype("float64"), None):
        changed = {**arrays, last: wrong}
        if wrong is None:
            del changed[last]
        with pytest.raises(RunError, match=rf"{last}: expected float32 \(1,\), got"):
            assign(weights_of(model), changed, path=path)
        assert np.array_equal(weights_of(model)[first].numpy(), before)
