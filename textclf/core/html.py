"""HTML for notebooks: a table, words coloured by their effect, and a document within a frame."""

from collections.abc import Iterable, Sequence
from html import escape

from textclf.core.formatting import escape_unsafe

FOR, AGAINST = "0,114,178", "213,94,0"  # blue and orange, which the colour-blind tell apart too
FAINTEST = 0.05  # share of the largest effect below which a word has no colour
FRAME_HEIGHT = 600  # pixels
STRONGEST = 0.75  # opacity of the largest effect


def html_text(value: object) -> str:
    """Return a value as HTML text; control characters are shown as escapes."""
    return escape(escape_unsafe(str(value)))


def html_table(header: Sequence[object], rows: Iterable[Sequence[object]], title: str = "") -> str:
    """Return a table: the first column to the left, the others to the right."""
    caption = f"<caption>{html_text(title)}</caption>" if title else ""
    lines = [("th", header), *(("td", row) for row in rows)]
    return f"<table>{caption}{''.join(_row(tag, cells) for tag, cells in lines)}</table>"


def html_words(text: str, spans: Iterable[tuple[int, int]], effects: Sequence[float]) -> str:
    """Return a text whose words are blue if their effect is positive and orange if it is negative."""
    largest = max(map(abs, effects), default=0) or 1
    parts, end = [], 0
    for (start, stop), effect in zip(spans, effects, strict=True):
        share = abs(effect) / largest
        colour = FOR if effect > 0 else AGAINST
        style = f"background:rgba({colour},{STRONGEST * share:.2f})" if share >= FAINTEST else ""
        parts.append(html_text(text[end:start]))
        parts.append(f'<span style="{style}" title="{effect:+.4f}">{html_text(text[start:stop])}</span>')
        end = stop
    return f"<p>{''.join(parts)}{html_text(text[end:])}</p>"


def html_frame(document: str) -> str:
    """Return a document within a frame that can neither change the page around it nor load anything for it."""
    return (
        f'<iframe sandbox="allow-scripts" srcdoc="{escape(document)}" '
        f'style="width:100%;height:{FRAME_HEIGHT}px;border:0"></iframe>'
    )


def _row(tag: str, cells: Sequence[object]) -> str:
    shown = (
        f'<{tag} style="text-align:{"right" if place else "left"}">{html_text(cell)}</{tag}>'
        for place, cell in enumerate(cells)
    )
    return f"<tr>{''.join(shown)}</tr>"
