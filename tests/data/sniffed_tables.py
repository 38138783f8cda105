"""A table of reviews, and the columns that are detected in it."""

from textclf.data.sniffing import sniff

REVIEWS = [("a fine film, and long", "good"), ("never again", "bad"), ("I liked it; really", "good"), ("dull", "bad")]


def table(header, rows=REVIEWS, delimiter=","):
    lines = [delimiter.join(f'"{field}"' for field in row) for row in rows]
    return "\n".join([delimiter.join(header), *lines]) + "\n"


def columns(path):
    found = sniff(path)
    return found.columns.text_column, found.columns.label_column
