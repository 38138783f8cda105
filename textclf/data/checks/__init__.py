"""What can be wrong with texts and labels before anything is learned from them. `CHECKS` is the list of it."""

from textclf.data.checks.duplicates import contradicting_labels, repeated_texts, texts_in_two_splits
from textclf.data.checks.label_leakage import giveaway_words
from textclf.data.checks.labels import (
    balance,
    joined_labels,
    labels_alike,
    labels_all_different,
    missing_labels,
    rare_labels,
    sorted_by_label,
    unknown_labels,
)
from textclf.data.checks.near_duplicates import near_copies
from textclf.data.checks.texts import damaged_texts, empty_texts, sample, scripts
from textclf.data.checks.tokens import lengths, unknown_words, wrong_tokenizer

# One function and one line each, in the order of the report: Material -> what it found.
CHECKS = {
    "labels": balance,
    "unknown labels": unknown_labels,
    "missing labels": missing_labels,
    "rare labels": rare_labels,
    "labels alike": labels_alike,
    "joined labels": joined_labels,
    "different labels": labels_all_different,
    "sorted by label": sorted_by_label,
    "empty texts": empty_texts,
    "texts in two splits": texts_in_two_splits,
    "contradicting labels": contradicting_labels,
    "repeated texts": repeated_texts,
    "near copies": near_copies,
    "giveaway words": giveaway_words,
    "sample": sample,
    "tokenizer": wrong_tokenizer,
    "lengths": lengths,
    "unknown words": unknown_words,
    "scripts": scripts,
    "damaged texts": damaged_texts,
}
SLOW_CHECKS = ("near copies", "giveaway words")  # most of the time of all: seconds for a hundred thousand texts
