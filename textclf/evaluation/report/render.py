"""Blocks -> one HTML file: styles, scripts and data within it, and no request to anywhere."""

import html
import json
from importlib.resources import files

SCRIPTS = ("chart.umd.min.js", "tables.js", "plots.js", "page.js")


def page(title: str, heading: str, subtitle: str, sections: list[dict]) -> str:
    """The page of some sections.

    Whatever stands in the data is text: the scripts never make elements of it, and the page's policy lets no
    request out.
    """
    content = json.dumps(
        {"sections": [part for part in sections if part["blocks"]]}, ensure_ascii=False, allow_nan=False
    )
    # In a script element only `</script` and `<!--` could end it.
    parts = {
        "title": html.escape(title),
        "heading": html.escape(heading),
        "subtitle": html.escape(subtitle),
        "styles": _asset("page.css"),
        "data": content.replace("<", "\\u003c"),
        "scripts": "\n".join(f"<script>\n{_asset(name)}</script>" for name in SCRIPTS),
    }
    made = _asset("page.html")
    for name, value in parts.items():
        made = made.replace(f"@{name}@", value, 1)
    return made


def _asset(name: str) -> str:
    return files("textclf.evaluation.report").joinpath("assets", name).read_text(encoding="utf-8")
