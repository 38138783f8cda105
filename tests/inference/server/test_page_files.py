"""CSV files on the page, in a real Chromium."""

import csv
import io
import zipfile

import pytest

import textclf
from tests.csv_files import read_rows
from textclf.inference.predict import predict_texts

pytestmark = pytest.mark.slow


def answered(page):
    """Classify the chosen file, and return the download."""
    page.locator("#csv-go").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the answers").click()
    return download.value


def test_a_csv_file_comes_back_with_answers(opened, sources, tmp_path):
    page = opened()
    texts = ["a wonderful film", 'he said "no", twice\nand left', "很好", "=1+1"]
    file = tmp_path / "reviews.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(
            [["id", "text", "label"], *([number, text, "x"] for number, text in enumerate(texts))]
        )
    page.locator("#file").set_input_files(file)
    page.get_by_text("reviews.csv · 4 texts").wait_for()
    assert page.get_by_label("Column with the texts").input_value() == "text"
    download = answered(page)
    assert download.suggested_filename == "reviews.predicted.csv"
    rows = read_rows(download.path(), "utf-8-sig")
    expected = predict_texts(textclf.load(sources["toy_en"]), texts)
    assert list(rows[0]) == [
        "id",
        "text",
        "label",
        "predicted_label",
        "probability",
        *(f"probability_{label}" for label in expected[0].probabilities),
    ]
    for row, text, prediction in zip(rows, texts, expected, strict=True):
        assert (row["text"], row["label"], row["predicted_label"]) == (text, "x", prediction.labels[0])
        assert float(row["probability"]) == pytest.approx(prediction.label_probabilities[0], abs=2e-6)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8-sig"])
def test_a_file_of_another_encoding_and_delimiter(opened, tmp_path, encoding):
    page = opened()
    (tmp_path / "x.csv").write_bytes("编号;评论\r\n1;味道很好，服务也热情\r\n2;太难吃了\r\n".encode(encoding))
    page.locator("#file").set_input_files(tmp_path / "x.csv")
    page.get_by_text("x.csv · 2 texts").wait_for()
    download = answered(page)
    content = download.path().read_bytes().decode("utf-8-sig")
    assert content.startswith("编号;评论;label;probability;")
    rows = list(csv.reader(io.StringIO(content), delimiter=";"))
    assert [row[1] for row in rows[1:]] == ["味道很好，服务也热情", "太难吃了"]


def test_a_file_that_is_no_text_is_refused(opened, tmp_path):
    page = opened()
    with zipfile.ZipFile(tmp_path / "mails.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<a/>\n" * 3)
    page.locator("#file").set_input_files(tmp_path / "mails.xlsx")
    page.get_by_role("alert").get_by_text("mails.xlsx is not a CSV file.").wait_for()
    assert page.locator("#csv-section").is_hidden()


def test_several_labels_of_a_csv_file_have_the_separator_of_the_classifier(opened, running, monkeypatch, tmp_path):
    monkeypatch.setitem(running[1].classifiers.get("colours").description, "separator", ";")
    page = opened()
    page.get_by_label("Classifier").select_option("colours")
    (tmp_path / "x.csv").write_text("text,id\ncherry and sky,1\n")
    page.locator("#file").set_input_files(tmp_path / "x.csv")
    download = answered(page)
    assert [row["labels"] for row in read_rows(download.path(), "utf-8-sig")] == ["blue;red"]


WAITING = """
const asked = window.fetch;
window.fetch = (path, options) =>
  path === "v1/predict" ? new Promise((go) => { window.go = () => go(asked(path, options)); }) : asked(path, options);
null
"""


def test_answers_for_another_threshold_are_not_offered(opened, tmp_path):
    page = opened()
    (tmp_path / "x.csv").write_text("text,id\na wonderful film,1\n")
    page.locator("#file").set_input_files(tmp_path / "x.csv")
    page.evaluate(WAITING)
    for threshold, is_hidden in (("0.1", True), (None, False)):
        page.locator("#csv-go").click()
        if threshold:
            page.locator("#threshold").fill(threshold)
        page.evaluate("window.go()")
        page.locator("#csv-go:not([disabled])").wait_for()
        assert page.locator("#download").is_hidden() == is_hidden
        assert (page.locator("#csv-status").inner_text() == "") == is_hidden
