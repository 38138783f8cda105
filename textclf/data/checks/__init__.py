"""Checks of texts and labels before training. `CHECKS` is the table of all checks."""

from textclf.data.checks.duplicates import contradicting_labels, repeated_texts, texts_in_two_splits
from textclf.data.checks.encoding import wrong_encoding
from textclf.data.checks.label_leakage import leaking_tokens
from textclf.data.checks.labels import (
    balance,
    joined_labels,
    labels_alike,
    labels_all_different,
    missing_labels,
    rare_labels,
    same_labels,
    sorted_by_label,
    unknown_labels,
    without_labels,
    words_for_missing,
)
from textclf.data.checks.near_duplicates import near_duplicates
from textclf.data.checks.texts import damaged_texts, empty_texts, sample, scripts
from textclf.data.checks.tokens import lengths, unknown_words, wrong_tokenizer

# One function and one line each, in the order of the report: CheckContext -> findings.
CHECKS = {
    "labels": balance,
    "no label": without_labels,
    "unknown labels": unknown_labels,
    "missing labels": missing_labels,
    "rare labels": rare_labels,
    "labels alike": labels_alike,
    "missing values": words_for_missing,
    "joined labels": joined_labels,
    "same labels": same_labels,
    "different labels": labels_all_different,
    "sorted by label": sorted_by_label,
    "empty texts": empty_texts,
    "texts in two splits": texts_in_two_splits,
    "contradicting labels": contradicting_labels,
    "repeated texts": repeated_texts,
    "near duplicates": near_duplicates,
    "label leakage": leaking_tokens,
    "sample": sample,
    "tokenizer": wrong_tokenizer,
    "lengths": lengths,
    "unknown words": unknown_words,
    "scripts": scripts,
    "damaged texts": damaged_texts,
    "wrong encoding": wrong_encoding,
}
SLOW_CHECKS = ("near duplicates", "label leakage")  # most of the time of all checks: seconds for 100,000 texts
