"""HTML for notebooks: everything from outside is escaped, and words are coloured by their effect."""

import re

from textclf.core.html import html_frame, html_table, html_words

HOSTILE = "<script>alert('x')</script>\u202e"


def test_tables_escape_their_cells():
    table = html_table(["name", HOSTILE], [[HOSTILE, 1]], HOSTILE)
    assert "<script" not in table
    assert table.count("&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;\\u202e") == 3
    assert re.findall(r"text-align:(\w+)", table) == ["left", "right"] * 2


def test_words_are_blue_or_orange_by_their_effect():
    text = f"good <b> {HOSTILE}"
    shown = html_words(text, [(0, 4), (5, 8), (9, len(text))], [0.5, 0.001, -1.0])
    assert "<b>" not in shown
    assert "<script" not in shown
    styles = re.findall(r'<span style="([^"]*)" title="([^"]*)"', shown)
    assert styles == [
        ("background:rgba(0,114,178,0.38)", "+0.5000"),
        ("", "+0.0010"),
        ("background:rgba(213,94,0,0.75)", "-1.0000"),
    ]
    assert html_words("no words", [], []) == "<p>no words</p>"


def test_a_document_stays_within_its_frame():
    frame = html_frame('<p title="a">"quoted"</p>')
    assert 'srcdoc="&lt;p title=&quot;a&quot;&gt;&quot;quoted&quot;&lt;/p&gt;"' in frame
    assert 'sandbox="allow-scripts"' in frame
