"""The tokenizer of a pretrained encoder: what is read of long texts."""

import json

import pytest

from tests.pretrained import tokenizer_options
from textclf.core.errors import RunError
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.tokenizers.long_texts import MOST_WINDOWS

LENGTH = 6  # four tokens of the text, and the special ones
FIRST, LAST = 2, 3  # [CLS] and [SEP]


def preprocessor(long_texts, length=LENGTH):
    options = tokenizer_options("pretrained", sequence_length=length, long_texts=long_texts)
    return Preprocessor.fit(options, ["a"])


def inner_ids(text):
    """The ids of a text, without the special tokens."""
    [row] = rows_of(preprocessor("head", 128), [text])
    return row[1:-1]


def rows_of(made, texts):
    rows = made.encode(texts)
    return [rows.values[start:end].tolist() for start, end in zip(rows.offsets, rows.offsets[1:], strict=False)]


TEXT = "one two three four five"


@pytest.mark.parametrize(
    ("long_texts", "kept"),
    [("head", lambda ids: ids[:4]), ("tail", lambda ids: ids[-4:]), ("head_tail", lambda ids: ids[:1] + ids[-3:])],
)
def test_what_is_read_of_a_long_text(long_texts, kept):
    assert rows_of(preprocessor(long_texts), [TEXT]) == [[FIRST, *kept(inner_ids(TEXT)), LAST]]


def test_windows_cover_the_text_and_the_last_one_ends_with_it():
    ids = inner_ids(TEXT)
    assert len(ids) % 4  # so that the last window overlaps
    starts = [*range(0, len(ids) - 4, 4), len(ids) - 4]
    expected = [number for start in starts for number in (FIRST, *ids[start : start + 4], LAST)]
    short = [FIRST, *inner_ids("good"), LAST]
    texts = ["good", TEXT, "", "good"]
    assert rows_of(preprocessor("windows"), texts) == [short, expected, [FIRST, LAST], short]
    assert rows_of(preprocessor("windows"), [TEXT]) == [expected]


def test_a_text_has_a_bounded_number_of_windows():
    made = preprocessor("windows")
    [row] = rows_of(made, ["good " * 10_000])
    assert len(row) == MOST_WINDOWS * LENGTH
    assert made.tokenizer.longest == MOST_WINDOWS * 4 + 2
    [whole] = rows_of(made, ["good " * MOST_WINDOWS])  # four tokens each
    assert whole == row


def test_windows_of_a_text_of_their_own_length_are_one():
    [row] = rows_of(preprocessor("windows"), ["good"])
    assert row == [FIRST, *inner_ids("good"), LAST]
    assert len(row) == LENGTH


@pytest.mark.parametrize("long_texts", ["head", "head_tail", "windows"])
def test_a_damaged_file_whose_special_tokens_leave_no_room_is_rejected(long_texts):
    """Found by the fuzzer: the number of tokens that are kept was negative."""
    content = json.loads(preprocessor(long_texts).to_json())
    content["options"]["sequence_length"] = 2
    with pytest.raises(RunError, match="expected a sequence_length above the number of special tokens"):
        Preprocessor.from_json(json.dumps(content).encode())
