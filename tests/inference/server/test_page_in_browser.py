"""The page in a real Chromium: `make test-all` runs these tests where playwright and Chromium (or Chrome) are there."""

import pytest

import textclf
from textclf.inference.predict import predict_texts

from .conftest import TOKEN, serving

pytestmark = pytest.mark.slow


def classify(page, texts):
    page.get_by_label("Texts, one a line").fill(texts)
    page.get_by_role("button", name="Classify", exact=True).click()
    page.locator("#results article").nth(len(list(filter(None, texts.splitlines()))) - 1).wait_for()
    return page.locator("#results article")


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


def test_words_after_an_emoji_are_coloured_whole(opened):
    article = classify(opened(), "A 😀👍🏽 wonderful 😀 film, awful").first
    assert article.locator(".text").inner_text() == "A 😀👍🏽 wonderful 😀 film, awful"
    marks = article.locator("mark").all_inner_texts()
    assert marks
    assert set(marks) <= {"A", "😀", "👍🏽", "👍", "🏽", "wonderful", "film", ",", "awful"}
    assert {"wonderful", "awful"} & set(marks)


LEFTS = """(part) => {
    const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT), range = document.createRange(), found = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) for (let at = 0; at < node.length; at++) {
        range.setStart(node, at);
        range.setEnd(node, at + 1);
        found.push([node.data[at], range.getBoundingClientRect().left]);
    }
    return found;
}"""


def test_right_to_left_texts_begin_at_the_right(opened):
    page = opened()
    article = classify(page, "נהדר, wonderful!").first
    lefts = article.locator(".text").evaluate(LEFTS)
    assert lefts[-1][1] < min(left for _, left in lefts[:-1])
    assert (
        page.get_by_label("Texts, one a line").evaluate("(area) => getComputedStyle(area).unicodeBidi") == "plaintext"
    )
    assert "\u2068wonderful\u2069 +" in article.locator(".words").text_content()


def test_the_threshold_changes_the_answer(opened):
    page = opened()
    articles = classify(page, "a wonderful film")
    for value, label in (("0.01", "positive"), ("1", "negative")):
        page.locator("#threshold").fill(value)
        articles.first.locator(".tag", has_text=label).wait_for()
    page.get_by_role("button", name="as in training").click()
    assert page.locator("#threshold-value").inner_text() == "0.50"


def test_thresholds_that_differ_are_shown_as_a_range(opened, running, monkeypatch):
    monkeypatch.setitem(running[1].classifiers.get("colours").description, "thresholds", [0.402, 0.287, 0.3])
    page = opened()
    page.get_by_label("Classifier").select_option("colours")
    assert page.locator("#threshold-value").inner_text() == "0.29–0.40"
    assert page.get_by_role("button", name="as in training").is_visible()
    page.locator("#threshold").fill("0.6")
    assert page.locator("#threshold-value").inner_text() == "0.60"


def test_lines_are_one_text_where_that_is_chosen(opened, sources):
    page = opened()
    page.get_by_label("One text, with its line breaks").check()
    articles = classify(page, "a wonderful film")
    page.get_by_label("Texts, one a line").fill("a waste\n\nof time")
    page.get_by_role("button", name="Classify", exact=True).click()
    articles.locator("p.text", has_text="waste").wait_for()
    assert articles.locator("p.text").all_inner_texts() == ["a waste\n\nof time"]


def test_it_speaks_chinese_to_chinese_browsers(opened):
    page = opened(locale="zh-CN")
    assert page.locator("html").get_attribute("lang") == "zh"
    page.get_by_label("文本，每行一条").fill("味道很好")
    page.get_by_role("button", name="分类", exact=True).click()
    page.locator("#results article").wait_for()
    assert "作用最大的词" in page.locator("#results").inner_text()


def test_every_word_is_there_in_both_languages(opened):
    page = opened()
    names = page.evaluate(
        "Object.fromEntries(Object.entries(WORDS).map(([name, words]) => [name, Object.keys(words)]))"
    )
    assert names["en"] == names["zh"]


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


@pytest.mark.parametrize("width", [320, 390, 1200])
def test_nothing_is_wider_than_the_screen(opened, width):
    page = opened(viewport={"width": width, "height": 800})
    classify(page, "a wonderful film " + "x" * 200)
    page.locator("summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    heights = page.evaluate("[...document.querySelectorAll('button, .button, select')].map(one => one.offsetHeight)")
    assert all(height == 0 or height >= 24 for height in heights)  # WCAG 2.5.8


def test_several_labels_and_none(opened):
    page = opened()
    page.get_by_label("Classifier").select_option("colours")
    articles = classify(page, "cherry and sky\na plain day")
    assert sorted(articles.first.locator(".tag").all_inner_texts()) == ["blue", "red"]
    assert articles.nth(1).locator(".tag").inner_text() == "no label"


def test_a_token_is_asked_for(opened, sources):
    with serving({"toy_en": sources["toy_en"]}, TOKEN) as (port, _):
        page = opened(port)
        assert page.locator("#message").is_hidden()
        page.get_by_label("Texts, one a line").fill("a wonderful film")
        page.get_by_role("button", name="Classify", exact=True).click()
        page.get_by_role("alert").get_by_text("Enter the token first.").wait_for()
        page.get_by_label("This server asks for a token").fill("wrong")
        for button in ("Use it", "Classify"):
            page.get_by_role("button", name=button, exact=True).click()
            page.get_by_text("This is not the token of the server.").wait_for()
        page.get_by_label("This server asks for a token").fill(TOKEN.decode())
        page.get_by_role("button", name="Use it").click()
        assert classify(page, "a wonderful film").count() == 1
        page.context.close()


def test_what_goes_wrong_is_said(opened):
    page = opened()
    page.get_by_role("button", name="Classify", exact=True).click()
    page.get_by_role("alert").get_by_text("Write a text first.").wait_for()
    page.get_by_label("Texts, one a line").fill("x\n" * 201)
    page.get_by_role("button", name="Classify", exact=True).click()
    page.get_by_role("alert").get_by_text("At most 200 texts").wait_for()


def test_a_text_is_never_markup(opened):
    article = classify(opened(), "<img src=x onerror=alert(1)> <b>film</b>").first
    assert article.locator(".text").inner_text() == "<img src=x onerror=alert(1)> <b>film</b>"
    assert article.locator("img, b").count() == 0


def test_the_page_of_the_api_shows_every_endpoint(opened):
    page = opened(path="/docs")
    cards = page.locator("details")
    cards.first.wait_for()
    assert cards.count() >= 15
    assert "inputs" in cards.first.inner_text()


def test_an_example_has_the_path_that_a_proxy_puts_in_front(browser, running):
    address = f"http://127.0.0.1:{running[0]}"
    page = browser.new_context().new_page()
    page.route(
        "**/texts/**", lambda route: route.fulfill(response=route.fetch(url=route.request.url.replace("/texts/", "/")))
    )
    page.goto(f"{address}/texts/docs")
    assert page.locator("pre").first.inner_text().startswith(f"curl {address}/texts/predict ")
    page.context.close()
