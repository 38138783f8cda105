"""Classifiers of the tests of inference."""

import pytest

import textclf


@pytest.fixture
def classifier(finished_runs):
    """Of two labels, English."""
    return textclf.load(finished_runs / "runs/toy_en")


@pytest.fixture
def colours(finished_runs):
    """Of several labels a text."""
    return textclf.load(finished_runs / "colours")
