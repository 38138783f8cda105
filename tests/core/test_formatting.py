"""Values, lists, shares and counts stay on one line, short, and true."""

import pytest

from textclf.core.formatting import counted, escape_control, first_shown, label_rows, percent, short_repr


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("好评", "'好评'"),
        ("two\nlines", "'two\\nlines'"),
        (None, "null"),
        ({"a": [1, 2.5, True]}, '{"a": [1, 2.5, true]}'),
        ({(1, 2): 3}, "dict"),
    ],
)
def test_a_value_is_shown_as_a_config_would_write_it(value, shown):
    assert short_repr(value) == shown


def test_a_long_value_is_shortened_to_60_characters():
    assert short_repr("a" * 58) == f"'{'a' * 58}'"
    assert short_repr("a" * 59) == f"'{'a' * 58}…"


def test_only_control_characters_are_escaped():
    assert escape_control("é 好 \t\x1b[0m\u2028") == "é 好 \\t\\x1b[0m\\u2028"


def test_lists_shares_and_counts():
    assert first_shown("abcde") == "a, b, c, d, e"
    assert first_shown("abcdefg") == "a, b, c, d, e and 2 more"
    assert [percent(share) for share in (0, 0.0001, 0.0005, 0.078, 1)] == [
        "0.0 %", "below 0.1 %", "0.1 %", "7.8 %", "100.0 %",
    ]  # fmt: skip
    assert [counted(count, "row") for count in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]


def test_of_many_unknown_labels_most_are_one_row():
    known, unknown = {"f1": 0.5, "precision": 1.0, "recall": 1 / 3, "support": 9}, {f"new {n}": 9 - n for n in range(8)}
    nothing = {"f1": 0.0, "precision": 0.0, "recall": 0.0}
    by_class = {"known": known, **{label: {**nothing, "support": rows} for label, rows in unknown.items()}}
    found = label_rows({"by_class": by_class, "unknown_labels": unknown})
    assert [row[0] for row in found] == [
        "known", *(f"new {n} (unknown)" for n in range(5)), "(3 more unknown labels)",
    ]  # fmt: skip
    assert (found[0][1:], found[-1][1:]) == (["1.0000", "0.3333", "0.5000", "9"], ["0.0000"] * 3 + ["9"])
