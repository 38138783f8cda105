"""Which columns are texts and labels: by their names in many languages, and by their values."""

import pytest

from tests.data.sniffed_tables import REVIEWS, columns, table
from textclf.core.errors import DataError
from textclf.data.sniffing import sniff


@pytest.mark.parametrize(
    "header",
    [
        ("text", "label"),
        ("Review", "Sentiment"),
        ("review_text", "class"),
        ("评论", "标签"),
        ("评论内容", "情感类别"),
        ("Nachricht", "Kategorie"),
        ("Betreff / Text der Mail", "KLASSE"),
        ("texte", "catégorie"),
        ("Mensaje", "Categoria"),
        ("Testo", "etichetta"),
        ("Текст обращения", "Класс"),
        ("السؤال", "التصنيف"),
        ("メッセージ本文", "カテゴリー"),
        ("리뷰", "감정분류"),
        ("x", "y"),
    ],
)
def test_columns_by_name_or_content(write, header):
    assert columns(write(table(header))) == header
    turned = [(label, text) for text, label in REVIEWS]
    assert columns(write(table(header[::-1], turned))) == header


@pytest.mark.parametrize("header", [("Kanal", "Text", "Kategorie"), ("canal", "texte", "catégorie")])
def test_a_usual_name_in_another_language_comes_before_fewer_values(write, header):
    rows = [("ab"[number % 2], f"text number {number}", "xyz"[number % 3]) for number in range(30)]
    assert columns(write(table(header, rows))) == header[1:]


@pytest.mark.parametrize(
    "value",
    [
        "T{:05}",
        "2026-01-{:02}",
        "{}.3.2026",
        "2026-03-{:02}T10:00:00+08:00",
        "2026年3月{}日",
        "{} März 2026",
        "{:02}:30",
    ],
)
def test_dates_and_codes_are_neither_texts_nor_labels(write, value):
    rows = [(value.format(n + 1), "ab"[n % 2], "no" + n * "o") for n in range(15)]
    assert columns(write(table(("when", "kind", "said"), rows))) == ("said", "kind")
    with pytest.raises(DataError, match="expected a column with labels"):
        sniff(write(table(("when", "said"), [(row[0], row[2]) for row in rows])))


def test_exact_names_come_before_parts_of_names(write):
    rows = [(f"{number}", "short", f"a long text {number}", "good" if number % 2 else "bad") for number in range(30)]
    assert columns(write(table(("label", "text_id", "text", "label_text"), [(r[3], *r[1:]) for r in rows]))) == (
        "text",
        "label",
    )


def test_without_known_names_the_longest_texts_and_the_fewest_values(write):
    rows = [(str(number), f"text number {number}", "xyz"[number % 3], f"{number / 7}") for number in range(40)]
    assert columns(write(table(("a", "b", "c", "d"), rows))) == ("b", "c")
    assert sniff("a.csv").others == ["a", "d"]


@pytest.mark.parametrize("header", [("description", "review_text", "class_name"), ("简介", "评论内容", "情感标签")])
def test_names_come_before_content(write, header):
    rows = [(f"a long description of number {number} ", f"text {number}", "xyz"[number % 3]) for number in range(30)]
    rows = [(*row, "ab"[number % 2]) for number, row in enumerate(rows)]
    assert columns(write(table((*header, "z"), rows))) == header[1:]


def test_a_column_of_different_values_is_no_label_whatever_its_name(write):
    rows = [(f"text number {number}", f"class {number}", "xy"[number % 2]) for number in range(40)]
    assert columns(write(table(("text", "class", "which"), rows))) == ("text", "which")


def test_an_empty_column_is_no_text(write):
    assert columns(write(table(("text", "title", "label"), [("", text, label) for text, label in REVIEWS]))) == (
        "title",
        "label",
    )


def test_numbers_may_be_labels_and_are_no_texts(write):
    rows = [(f"{number}00000000000000", f"good {number}", number % 2) for number in range(30)]
    assert columns(write(table(("id", "what", "stars"), rows))) == ("what", "stars")
