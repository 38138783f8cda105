"""Rows in fewer bits: they keep their values, and take as many bytes as they have to."""

import numpy as np
import pytest

from textclf.export.quantized_rows import dequantize_rows, quantize_rows

# Largest error of a value, as a share of the largest value of its row.
LARGEST_ERROR = {"int8": 0.0042, "int4": 0.2}


def table_of(rows: int, columns: int) -> np.ndarray:
    random = np.random.default_rng(rows + columns)
    return (random.laplace(size=(rows, columns)) * random.gamma(1, size=(rows, 1))).astype(np.float32)


@pytest.mark.parametrize("precision", ["int8", "int4"])
@pytest.mark.parametrize("columns", [1, 2, 3, 8, 77])
def test_rows_keep_their_values(columns, precision):
    table = table_of(3000, columns)
    error = np.abs(dequantize_rows(quantize_rows(table, precision)) - table)
    if columns == 1:  # without a scale a row
        assert error.max() < 0.02 * np.abs(table).max()
        assert error.std() < 0.02 * table.std()
    else:
        assert (error <= LARGEST_ERROR[precision] * np.abs(table).max(axis=1, keepdims=True)).all()


@pytest.mark.parametrize("columns", [2, 5])
def test_int4_takes_half_a_byte_a_value_and_a_byte_a_row(columns):
    rows = quantize_rows(table_of(1000, columns), "int4")
    assert rows.codes.nbytes == 1000 * -(-columns // 2)
    assert rows.scales.nbytes == 1000


def test_no_scale_is_smaller_than_the_values_of_its_row():
    table = table_of(3000, 4)
    rows = quantize_rows(table, "int8")
    scales = 127 * rows.scale_values[rows.scales[:, 0]]
    largest = np.abs(table).max(axis=1, keepdims=True)
    assert (scales >= largest * (1 - 1e-6)).all()
    assert (scales[largest > 1e-5] <= 1.06 * largest[largest > 1e-5]).all()


@pytest.mark.parametrize("precision", ["int8", "int4"])
@pytest.mark.parametrize("value", [0, 1e-30, 3e4])
def test_rows_of_extreme_values_stay_finite_and_near(value, precision):
    table = np.array([[0, 0, 0], [value, -value, value]], np.float32)
    made = dequantize_rows(quantize_rows(table, precision))
    assert np.abs(made - table).max() <= 0.2 * value + 1e-6
    np.testing.assert_array_equal(made[0], 0)


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_a_table_is_quantized_the_same_each_time(precision):
    first, second = (quantize_rows(table_of(500, 4), precision) for _ in range(2))
    np.testing.assert_array_equal(first.codes, second.codes)
