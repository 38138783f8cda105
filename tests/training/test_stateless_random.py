"""Numbers drawn for a purpose, a row and a position."""

import numpy as np
import pytest

from textclf.training.stateless_random import draw

ROWS, POSITIONS = np.repeat(np.arange(300), 300), np.tile(np.arange(300), 300)


def test_numbers_are_even_and_independent_of_row_and_position():
    numbers = draw((42, 0, "swap"), ROWS, POSITIONS)
    counts = np.histogram(numbers, bins=20, range=(0, 1))[0]
    assert abs(counts - 4500).max() < 300  # 4.6 deviations
    table = numbers.reshape(300, 300)
    for neighbours in (table[:, 1:] - table[:, :-1], table[1:] - table[:-1]):
        assert neighbours.std() == pytest.approx(np.sqrt(1 / 6), rel=0.02)
    assert np.abs(np.corrcoef(table[:100])[~np.eye(100, dtype=bool)]).max() < 0.35
    assert 0 <= numbers.min() < numbers.max() < 1


def test_the_same_is_drawn_for_the_same_whatever_stands_beside_it():
    all_at_once = draw((1, 2), ROWS, POSITIONS)
    some = np.array([7, 80_000, 3])
    np.testing.assert_array_equal(draw((1, 2), ROWS[some], POSITIONS[some]), all_at_once[some])


def test_another_purpose_gives_other_numbers():
    first = draw((1, 2, "swap"), ROWS)
    for other in ((2, 2, "swap"), (1, 3, "swap"), (1, 2, "deletion")):
        assert abs(np.corrcoef(first[::300], draw(other, ROWS)[::300])[0, 1]) < 0.2
