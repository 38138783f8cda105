"""Store the rows of a table in fewer bits: a scale for each row, and a code of 8 or 4 bits for each value."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK_VALUES = 2**20  # converted at once: a bound on memory
SAMPLE = 200_000  # values that levels are fitted to
LLOYD_STEPS = 20
LEAST_SCALE = 1e-6  # of the largest scale


class QuantizedRows(NamedTuple):
    """A table in fewer bits. A value is `scale of its row * value of its code`."""

    codes: np.ndarray  # int8 (rows, columns); with `values` uint8 (rows, bytes)
    values: np.ndarray | None  # float32 (256, n): the n values that each byte stands for; none where a code is a value
    scales: np.ndarray | None  # uint8 (rows, 1): codes of scales; none for a table of one column
    scale_values: np.ndarray | None  # float32 (256, 1): the scale of each code
    columns: int


def quantize_rows(table: np.ndarray, precision: str) -> QuantizedRows:
    """Return a table in fewer bits.

    With `int8` a code is a whole number from -127 to 127. With `int4` a byte holds two codes for 16 values that are
    fitted to the table (Lloyd's algorithm). A table of one column has 256 such values and no scales with both: a
    scale for each row would be as large as the row.

    Args:
        table: float32 (rows, columns), finite.
        precision: `int8` or `int4`.
    """
    columns = table.shape[1]
    if columns == 1:
        values = _spread_levels(table.ravel(), np.ones(len(table)), 256)
        return QuantizedRows(_nearest(table, values), values.astype(np.float32)[:, None], None, None, columns)
    scales, scale_values = _scale_codes(np.abs(table).max(axis=1, keepdims=True, initial=0))
    if precision == "int8":
        scale_values /= 127
        return QuantizedRows(whole_numbers(table, scale_values[scales[:, 0]]), None, scales, scale_values, columns)
    row_scales = scale_values[scales[:, 0]]
    sample = np.random.default_rng(0).permutation(len(table))[: max(SAMPLE // columns, 1)]
    weights = np.repeat(row_scales[sample].astype(np.float64) ** 2, columns)  # an error counts as in the table itself
    levels = _fit_levels(_scaled(table[sample], row_scales[sample]).ravel(), weights, 16)
    codes = np.concatenate([_nearest(_scaled(table[rows], row_scales[rows]), levels) for rows in _chunks(table)])
    codes = np.pad(codes, ((0, 0), (0, columns % 2)))
    pairs = np.stack([np.repeat(levels, 16), np.tile(levels, 16)], axis=1).astype(np.float32)
    return QuantizedRows(codes[:, ::2] << 4 | codes[:, 1::2], pairs, scales, scale_values, columns)


def dequantize_rows(rows: QuantizedRows) -> np.ndarray:
    """Return the float32 table that the nodes of a graph read, (rows, columns)."""
    if rows.values is None:
        table = rows.codes.astype(np.float32)
    else:
        table = rows.values[rows.codes].reshape(len(rows.codes), -1)[:, : rows.columns]
    if rows.scales is None or rows.scale_values is None:
        return table
    return table * rows.scale_values[rows.scales[:, 0]]


def whole_numbers(table: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Return the rows divided by their scales, (rows, 1), and rounded, int8; a row of zeros may have the scale 0."""
    parts = [np.rint(_scaled(table[rows], scales[rows])).astype(np.int8) for rows in _chunks(table)]
    return np.concatenate(parts)


def scales_up(scales: np.ndarray) -> np.ndarray:
    """Return scales as float16, none smaller than it was: so no code leaves its range."""
    rounded = scales.astype(np.float16)
    return np.where(rounded.astype(np.float32) < scales, np.nextafter(rounded, np.float16(np.inf)), rounded)


def _scale_codes(scales: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a code for each scale, uint8, and the scales of the codes, float32 (256, 1).

    No scale becomes smaller. Scales become up to 6 % larger, 3 % on average. In a table of few columns a second byte
    for each scale would cost more than it gains.
    """
    largest = float(scales.max(initial=0))
    least = max(float(scales[scales > 0].min(initial=largest)), LEAST_SCALE * largest)
    steps = np.geomspace(least, largest, 255) if largest else np.zeros(255)
    values = np.append(np.float32(0), steps.astype(np.float32))
    return np.searchsorted(values, scales).astype(np.uint8), values[:, None]


def _scaled(table: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Return the rows divided by their scales; a row of zeros has the scale 0 and stays."""
    divisors = scales.astype(np.float32)
    return table / np.where(divisors == 0, np.float32(1), divisors)


def _chunks(table: np.ndarray) -> Iterator[slice]:
    rows = max(CHUNK_VALUES // table.shape[1], 1)
    for start in range(0, max(len(table), 1), rows):
        yield slice(start, start + rows)


def _nearest(values: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return the number of the nearest level of each value, uint8; the levels ascend."""
    return np.searchsorted((levels[1:] + levels[:-1]) / 2, values).astype(np.uint8)


def _spread_levels(values: np.ndarray, weights: np.ndarray, count: int) -> np.ndarray:
    """Return ascending levels, closer where there are more values, float64 (count,).

    The cube root of the density has the least squared error (Panter and Dite 1951). A fifth of the levels is spread
    evenly, so that the few largest values keep theirs: they decide the texts that have them.
    """
    density, edges = np.histogram(values, bins=4096, weights=weights)
    shares = np.cbrt(density)
    shares = np.concatenate([[0], np.cumsum(shares + shares.mean() / 4)])
    return np.interp((np.arange(count) + 0.5) / count * shares[-1], shares, edges)


def _fit_levels(values: np.ndarray, weights: np.ndarray, count: int) -> np.ndarray:
    """Return ascending levels with the least squared error (Lloyd 1982), float64 (count,)."""
    levels = _spread_levels(values, weights, count)
    order = np.argsort(values, kind="stable")
    values, weights = values[order].astype(np.float64), weights[order]
    sums = np.concatenate([[0], np.cumsum(values * weights)])
    totals = np.concatenate([[0], np.cumsum(weights)])
    for _ in range(LLOYD_STEPS):
        borders = np.searchsorted(values, (levels[1:] + levels[:-1]) / 2)
        borders = np.concatenate([[0], borders, [len(values)]])
        amount, total = np.diff(totals[borders]), np.diff(sums[borders])
        levels = np.where(amount > 0, total / np.where(amount > 0, amount, 1), levels)
    return np.sort(levels)
