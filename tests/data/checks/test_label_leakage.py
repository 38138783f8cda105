"""Words that give a label away."""

import pytest

from tests.hand_made import found, material
from textclf.data.checks.label_leakage import leaking_tokens


def rows(label, count, text):
    return [(text.format(number=number), label) for number in range(count)]


SPAM = rows("spam", 40, "advert{number} buy now")
HAM = rows("ham", 60, "hello friend{number} see you")


def words(findings):
    return {finding.found.split("'")[1] for finding in findings}


def test_words_of_all_rows_of_a_label_and_no_others():
    findings = list(leaking_tokens(material([*SPAM, *HAM])))
    assert words(findings) == {"buy", "now", "hello", "see", "you"}
    assert {finding.severity for finding in findings} == {"warning"}
    assert "train: 'buy' is in 40 of 40 rows of 'spam' (100.0 %) and in 0 others (row 1)." in found(findings)


def test_a_word_in_nine_of_ten_rows_gives_away_and_in_eight_does_not():
    plain = rows("spam", 40, "x{number}")
    for count, expected in ((36, {"sale"}), (32, set())):
        marked = [(f"{text} sale", label) for text, label in plain[:count]]
        assert words(leaking_tokens(material([*marked, *plain[count:], *rows("ham", 60, "y{number}")]))) == expected


def test_a_word_that_others_have_too_does_not_give_away():
    marked = rows("spam", 40, "x{number} sale")
    for count, expected in ((2, {"sale"}), (3, set())):
        others = [*rows("ham", count, "sale z{number}"), *rows("ham", 60, "y{number}")]
        assert words(leaking_tokens(material([*marked, *others]))) == expected


def test_labels_of_few_rows_have_words_in_common_by_chance():
    others = rows("ham", 60, "y{number}")
    assert words(leaking_tokens(material([*rows("spam", 20, "buy x{number}"), *others]))) == {"buy"}
    assert words(leaking_tokens(material([*rows("spam", 19, "buy x{number}"), *others]))) == set()


def test_unknown_words_give_nothing_away():
    looked_at = material(
        [*rows("spam", 40, "x{number}"), *rows("ham", 60, "and or")], preprocessing={"vocabulary_size": 4}
    )
    assert words(leaking_tokens(looked_at)) == {"and", "or"}


def test_a_word_twice_in_a_row_counts_once():
    looked_at = material(
        [*rows("spam", 20, "buy buy x{number}"), *rows("spam", 20, "x{number}"), *rows("ham", 60, "y")]
    )
    assert words(leaking_tokens(looked_at)) == {"y"}


def test_one_label_of_several():
    marked = [(f"x{number} goal", ("sport", "news")) for number in range(30)]
    others = [(f"y{number}", ("news",) if number % 2 else ()) for number in range(60)]
    looked_at = material([*marked, *others], type="multilabel")
    assert found(leaking_tokens(looked_at)) == [
        "train: 'goal' is in 30 of 30 rows of 'sport' (100.0 %) and in 0 others (row 1)."
    ]


@pytest.mark.parametrize("tokenizer", ["word", "keras"])
def test_the_word_is_named_for_any_tokenizer(tokenizer):
    looked_at = material([*rows("spam", 30, "SALE: x{number}"), *rows("ham", 30, "y{number}")], tokenizer)
    assert words(leaking_tokens(looked_at)) & {"sale", "SALE:"}


def test_one_label_only_is_no_finding():
    assert found(leaking_tokens(material(SPAM))) == []
    assert found(leaking_tokens(material([]))) == []
