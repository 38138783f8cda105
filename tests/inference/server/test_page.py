"""The page in a real Chromium: `make test-all` runs these tests where playwright and Chromium (or Chrome) are there."""

import csv
import io
import re
import shutil

import pytest

import textclf
from textclf.inference.predict import predict_texts
from textclf.inference.server.page import ENDPOINTS

from .conftest import TOKEN, serving

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if BROWSER is None:
        pytest.skip("there is no Chromium")
    with playwright.sync_playwright() as driver:
        launched = driver.chromium.launch(
            executable_path=BROWSER, args=[*FLAGS.split(), "--disable-component-update", "--disable-sync"]
        )
        yield launched
        launched.close()


@pytest.fixture
def opened(browser, running):
    """Open the page with options of a browser context; afterwards there is no error and no request to elsewhere."""
    contexts, errors, asked = [], [], []

    def open_page(port=running[0], path="/", **options):
        context = browser.new_context(**{"locale": "en-GB", **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"http://127.0.0.1:{port}{path}")
        page.wait_for_load_state("networkidle")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [error for error in errors if "status of 401" not in error] == []
    assert [url for url in asked if not re.match(r"(http://127\.0\.0\.1:|data:|blob:http://127)", url)] == []


def classify(page, texts):
    page.get_by_label("Texts, one a line").fill(texts)
    page.get_by_role("button", name="Classify", exact=True).click()
    page.locator("#results article").nth(len(list(filter(None, texts.splitlines()))) - 1).wait_for()
    return page.locator("#results article")


@pytest.mark.slow
def test_typed_texts_get_the_answers_of_the_library(opened, sources):
    page = opened()
    texts = ["a wonderful film", "味道很好", "what a waste of time"]
    articles = classify(page, "\n\n".join(texts))
    expected = predict_texts(textclf.load(sources["toy_en"]), texts)
    for index, prediction in enumerate(expected):
        article = articles.nth(index)
        assert article.locator(".text").inner_text() == prediction.text
        assert article.locator(".tag").inner_text() == prediction.labels[0]
        assert f"{prediction.label_probabilities[0] * 100:.1f} %" in article.locator(".bars").inner_text()
    assert expected[0].labels[0] in page.locator("#spoken").inner_text()


@pytest.mark.slow
def test_words_after_an_emoji_are_coloured_whole(opened):
    article = classify(opened(), "A 😀👍🏽 wonderful 😀 film, awful").first
    assert article.locator(".text").inner_text() == "A 😀👍🏽 wonderful 😀 film, awful"
    marks = article.locator("mark").all_inner_texts()
    assert marks
    assert set(marks) <= {"A", "😀", "👍🏽", "👍", "🏽", "wonderful", "film", ",", "awful"}
    assert {"wonderful", "awful"} & set(marks)


@pytest.mark.slow
def test_the_threshold_changes_the_answer(opened):
    page = opened()
    articles = classify(page, "a wonderful film")
    for value, label in (("0.01", "positive"), ("1", "negative")):
        page.locator("#threshold").fill(value)
        articles.first.locator(".tag", has_text=label).wait_for()
    page.get_by_role("button", name="as in training").click()
    assert page.locator("#threshold-value").inner_text() == "0.50"


@pytest.mark.slow
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
    page.locator("#csv-go").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the answers").click()
    assert download.value.suggested_filename == "reviews.predicted.csv"
    with download.value.path().open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
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


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8-sig"])
def test_a_file_of_another_encoding_and_delimiter(opened, tmp_path, encoding):
    page = opened()
    (tmp_path / "x.csv").write_bytes("编号;评论\r\n1;味道很好，服务也热情\r\n2;太难吃了\r\n".encode(encoding))
    page.locator("#file").set_input_files(tmp_path / "x.csv")
    page.get_by_text("x.csv · 2 texts").wait_for()
    page.locator("#csv-go").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the answers").click()
    content = download.value.path().read_bytes().decode("utf-8-sig")
    assert content.startswith("编号;评论;label;probability;")
    rows = list(csv.reader(io.StringIO(content), delimiter=";"))
    assert [row[1] for row in rows[1:]] == ["味道很好，服务也热情", "太难吃了"]


@pytest.mark.slow
def test_several_labels_of_a_csv_file_have_the_separator_of_the_classifier(opened, running, monkeypatch, tmp_path):
    monkeypatch.setitem(running[1].classifiers.get("colours").description, "separator", ";")
    page = opened()
    page.get_by_label("Classifier").select_option("colours")
    (tmp_path / "x.csv").write_text("text,id\ncherry and sky,1\n")
    page.locator("#file").set_input_files(tmp_path / "x.csv")
    page.locator("#csv-go").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the answers").click()
    with download.value.path().open(encoding="utf-8-sig", newline="") as stream:
        assert [row["labels"] for row in csv.DictReader(stream)] == ["blue;red"]


WAITING = """
const asked = window.fetch;
window.fetch = (path, options) =>
  path === "v1/predict" ? new Promise((go) => { window.go = () => go(asked(path, options)); }) : asked(path, options);
null
"""


@pytest.mark.slow
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


@pytest.mark.slow
def test_it_speaks_chinese_to_chinese_browsers(opened):
    page = opened(locale="zh-CN")
    assert page.locator("html").get_attribute("lang") == "zh"
    page.get_by_label("文本，每行一条").fill("味道很好")
    page.get_by_role("button", name="分类", exact=True).click()
    page.locator("#results article").wait_for()
    assert "作用最大的词" in page.locator("#results").inner_text()


@pytest.mark.slow
def test_every_word_is_there_in_both_languages(opened):
    page = opened()
    names = page.evaluate(
        "Object.fromEntries(Object.entries(WORDS).map(([name, words]) => [name, Object.keys(words)]))"
    )
    assert names["en"] == names["zh"]


@pytest.mark.slow
def test_a_keyboard_is_enough(opened):
    page = opened()
    page.keyboard.type("a wonderful film")  # the cursor is in the field
    page.keyboard.press("Control+Enter")
    page.locator("#results article").wait_for()
    seen = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    assert {"file", "threshold", "About this classifier", "For programs: the API"} <= set(seen)
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    assert "negative · positive" in page.locator("#facts").inner_text()


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 390, 1200])
def test_nothing_is_wider_than_the_screen(opened, width):
    page = opened(viewport={"width": width, "height": 800})
    classify(page, "a wonderful film " + "x" * 200)
    page.locator("summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    heights = page.evaluate("[...document.querySelectorAll('button, .button, select')].map(one => one.offsetHeight)")
    assert all(height == 0 or height >= 24 for height in heights)  # WCAG 2.5.8


@pytest.mark.slow
def test_several_labels_and_none(opened):
    page = opened()
    page.get_by_label("Classifier").select_option("colours")
    articles = classify(page, "cherry and sky\na plain day")
    assert sorted(articles.first.locator(".tag").all_inner_texts()) == ["blue", "red"]
    assert articles.nth(1).locator(".tag").inner_text() == "no label"


@pytest.mark.slow
def test_a_token_is_asked_for(opened, sources):
    with serving({"toy_en": sources["toy_en"]}, TOKEN) as (port, _):
        page = opened(port)
        page.get_by_label("This server asks for a token").fill("wrong")
        page.get_by_role("button", name="Use it").click()
        page.get_by_text("This is not the token of the server.").wait_for()
        page.get_by_label("This server asks for a token").fill(TOKEN.decode())
        page.get_by_role("button", name="Use it").click()
        assert classify(page, "a wonderful film").count() == 1
        page.context.close()


@pytest.mark.slow
def test_what_goes_wrong_is_said(opened):
    page = opened()
    page.get_by_role("button", name="Classify", exact=True).click()
    page.get_by_role("alert").get_by_text("Write a text first.").wait_for()
    page.get_by_label("Texts, one a line").fill("x\n" * 201)
    page.get_by_role("button", name="Classify", exact=True).click()
    page.get_by_role("alert").get_by_text("At most 200 texts").wait_for()


@pytest.mark.slow
def test_a_text_is_never_markup(opened):
    article = classify(opened(), "<img src=x onerror=alert(1)> <b>film</b>").first
    assert article.locator(".text").inner_text() == "<img src=x onerror=alert(1)> <b>film</b>"
    assert article.locator("img, b").count() == 0


@pytest.mark.slow
def test_the_page_of_the_api_shows_every_endpoint(opened):
    page = opened(path="/docs")
    cards = page.locator("details")
    cards.first.wait_for()
    assert cards.count() >= 15
    assert "inputs" in cards.first.inner_text()


@pytest.mark.slow
def test_an_example_has_the_path_that_a_proxy_puts_in_front(browser, running):
    address = f"http://127.0.0.1:{running[0]}"
    page = browser.new_context().new_page()
    page.route(
        "**/texts/**", lambda route: route.fulfill(response=route.fetch(url=route.request.url.replace("/texts/", "/")))
    )
    page.goto(f"{address}/texts/docs")
    assert page.locator("pre").first.inner_text().startswith(f"curl {address}/texts/predict ")
    page.context.close()


def test_the_policy_allows_nothing_but_the_page_itself(client):
    for endpoint in ENDPOINTS:
        status, content, headers = client.ask("GET", endpoint.path)
        assert (status, b"http://" in content, b"https://" in content) == (200, False, False)
        policy = headers["content-security-policy"]
        assert "unsafe" not in policy
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
