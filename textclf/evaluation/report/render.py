"""Render sections as one HTML file that contains its styles, scripts and data, and needs no network."""

import html
import json
from importlib.resources import files

SCRIPTS = ("chart.umd.min.js", "tables.js", "plots.js", "page.js")


def page(title: str, heading: str, subtitle: str, sections: list[dict]) -> str:
    """Return the HTML of a page.

    Texts of the data are untrusted: the scripts only ever insert them as text, never as elements, and the page's
    content security policy blocks every request.
    """
    content = json.dumps(
        {"sections": [part for part in sections if part["blocks"]]}, ensure_ascii=False, allow_nan=False
    )
    # `</script` or `<!--` in the data would end the script element.
    parts = {
        "title": html.escape(title),
        "heading": html.escape(heading),
        "subtitle": html.escape(subtitle),
        "styles": _asset("page.css"),
        "data": content.replace("<", "\\u003c"),
        "scripts": "\n".join(f"<script>\n{_asset(name)}</script>" for name in SCRIPTS),
    }
    text = _asset("page.html")
    for name, value in parts.items():
        text = text.replace(f"@{name}@", value, 1)
    return text


def _asset(name: str) -> str:
    return files("textclf.evaluation.report").joinpath("assets", name).read_text(encoding="utf-8")
