"""Tell which columns of a table are its texts and its labels, by their names and their values."""

import re
from collections.abc import Iterable, Sequence
from statistics import mean

from textclf.data.readers.columns import MARKS

# In the order of preference. A name in Latin letters is looked for as a word (review_text), others anywhere.
TEXT_NAMES = (
    "text", "review", "content", "sentence", "comment", "message", "tweet", "document", "body", "question", "query",
    "utterance", "headline", "title", "文本", "评论", "内容", "正文", "句子", "留言", "标题",
)  # fmt: skip
LABEL_NAMES = (
    "label", "labels", "category", "categories", "class", "sentiment", "target", "topic", "topics", "intent", "emotion",
    "emotions", "tag", "tags", "rating", "stars", "polarity", "type", "标签", "类别", "分类", "类型", "情感", "评分",
)  # fmt: skip
MOST_DIFFERENT = 0.5  # of the rows of a label column have a label of their own
FEW_ROWS = 20  # below this, that says nothing


def text_column_of(samples: dict[str, list]) -> str | None:
    """Return the column with texts: by its name, or else the one with the longest texts. Numbers and lists are none."""
    lengths = {
        name: mean(len(value) for value in values)
        for name, values in samples.items()
        if all(isinstance(value, str) for value in values)
        and any(value.strip() and not _is_number(value) for value in values)
    }
    by_name = named(lengths, TEXT_NAMES)
    if by_name:
        return by_name
    unlikely = named(lengths, LABEL_NAMES)  # long names of labels are no texts
    lengths = {name: length for name, length in lengths.items() if name != unlikely}
    return max(lengths, key=lengths.__getitem__, default=None)


def label_columns_of(samples: dict[str, list], text: str) -> str | list[str] | None:
    """Return the column with labels: by its name, or else the one with the fewest different values, at least two.

    Of several with as many the last one; but two and more with nothing but 0 and 1 are a column for each label.
    """
    different = {}
    for name, values in samples.items():
        found = {tuple(value) if isinstance(value, list) else value for value in values} - {"", None, ()}
        if name != text and found and (len(found) <= MOST_DIFFERENT * len(values) or len(values) < FEW_ROWS):
            different[name] = len(found)
    by_name = named(different, LABEL_NAMES)
    marked = [name for name, values in samples.items() if name != text and _are_marks(values)]
    if len(marked) > 1 and (by_name is None or (by_name in marked and by_name.strip().casefold() not in LABEL_NAMES)):
        return marked
    if by_name:
        return by_name
    candidates = [name for name, count in different.items() if count > 1]
    return min(reversed(candidates), key=different.__getitem__, default=None)


def _are_marks(values: list) -> bool:
    """Return whether a column says of each text whether it has a label. One of only 1, or only empty, says nothing."""
    found = {value.strip().casefold() if isinstance(value, str) else None for value in values}
    return found <= set(MARKS) and (len(found) > 1 or found <= {"0", "0.0", "false"})


def named(names: Iterable[str], wanted: Sequence[str]) -> str | None:
    """Return the first of the wanted names that is there: exactly, or else as a part of a name."""
    plain = {name: name.strip().casefold() for name in names}
    exact = (name for want in wanted for name in plain if plain[name] == want)
    as_part = (
        name
        for want in wanted
        for name in plain
        if want in (re.split(r"[\W\d_]+", plain[name]) if want.isascii() else plain[name])
    )
    return next(exact, None) or next(as_part, None)


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
