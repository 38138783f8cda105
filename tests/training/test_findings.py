"""The findings about splits, and their summary in the log of a training."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hand_made import ANY_LABEL, ANY_TEXT, EVEN, ONE_LABEL, dataset, material, subjects
from textclf.data.checks import CHECKS
from textclf.data.checks.finding import Finding
from textclf.training.check import find_problems, summary

ANY_LABELS = st.lists(st.tuples(ANY_TEXT, st.lists(ANY_LABEL, max_size=3).map(tuple)), max_size=12)


def test_findings_come_in_the_order_of_their_severity():
    looked_at = material([*EVEN, ("<br>", "rare")], test=[("new", "z")])
    findings = find_problems(looked_at.splits, looked_at.preprocessor, looked_at.targets)
    severities = [finding.severity for finding in findings]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)
    assert set(severities) == {"error", "warning", "note"}


def test_single_checks_can_be_left_out():
    looked_at = material([*EVEN, *EVEN])
    found = subjects(find_problems(looked_at.splits, looked_at.preprocessor, looked_at.targets))
    left = subjects(
        find_problems(looked_at.splits, looked_at.preprocessor, looked_at.targets, without=["repeated texts"])
    )
    assert found - left == {"repeated texts"}


def test_every_check_says_what_it_looks_for():
    assert all(function.__doc__ for function in CHECKS.values())
    assert len(set(CHECKS.values())) == len(CHECKS)


@given(train=ONE_LABEL, others=st.lists(ONE_LABEL, max_size=2), tokenizer=st.sampled_from(["word", "keras"]))
@settings(max_examples=40, deadline=None)
def test_any_splits_give_findings(train, others, tokenizer):
    splits = dict(zip(["validation", "test"], others, strict=False))
    looked_at = material(train, tokenizer, "multiclass", **splits)
    findings = find_problems(looked_at.splits, looked_at.preprocessor, looked_at.targets)
    assert all(isinstance(finding, Finding) and finding.found.endswith(".") for finding in findings)


@given(train=ANY_LABELS, test=ANY_LABELS)
@settings(max_examples=40, deadline=None)
def test_any_splits_of_several_labels_a_row_give_findings(train, test):
    looked_at = material(train, type="multilabel", test=test)
    known, met = ({label for _, labels in rows for label in labels} for rows in (train, test))
    findings = find_problems(looked_at.splits, looked_at.preprocessor, looked_at.targets)
    json.dumps([finding._asdict() for finding in findings])
    unknown = any("that train does not have" in finding.found for finding in findings)
    assert unknown == bool(met - known)


def test_texts_may_be_slices_of_a_column():
    whole = dataset([("left out", "z"), *EVEN, *EVEN, ("left out too", "z")])
    looked_at = material([*EVEN, *EVEN])
    splits = {"train": whole.take(np.arange(1, 81))}
    sliced = type(whole)(whole.name, whole.texts.slice(1, 80), whole.labels.take(slice(1, -1)), looked_at.train.rows)
    expected = find_problems(looked_at.splits, looked_at.preprocessor, looked_at.targets)
    assert find_problems({"train": sliced}, looked_at.preprocessor, looked_at.targets) == expected
    assert len(find_problems(splits, looked_at.preprocessor, looked_at.targets)) == len(expected)


def finding_of(severity, number=1):
    return Finding(severity, "subject", f"{severity} {number}.", "advice")


def test_the_summary_leaves_out_notes_and_begins_with_errors():
    assert summary([finding_of("note"), finding_of("warning"), finding_of("error")]) == ["error 1.", "warning 1."]
    assert summary([finding_of("note")]) == summary([]) == []


@pytest.mark.parametrize(("warnings", "lines"), [(5, 5), (6, 6), (20, 6)])
def test_the_summary_is_short(warnings, lines):
    shown = summary([finding_of("warning", number) for number in range(warnings)])
    assert len(shown) == lines
    if warnings > 5:
        assert shown[-1].startswith(f"{warnings - 5} more warning")
