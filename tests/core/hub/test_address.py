"""Addresses of the hub: what is one, and what is not."""

from pathlib import Path

import pytest

import textclf
from textclf.core.errors import RunError
from textclf.core.find_run import find_run
from textclf.core.hub.address import is_address, parse_address


@pytest.mark.parametrize("run", ["hf://me/reviews", Path("hf://me/reviews"), "hf://me/reviews@main"])
def test_an_address(run):
    assert is_address(run)
    assert parse_address(run) == ("me/reviews", "main")
    assert str(parse_address(run)) == "hf://me/reviews"


def test_an_address_with_a_revision():
    assert parse_address("hf://me/reviews@refs/pr/1") == ("me/reviews", "refs/pr/1")
    assert str(parse_address("hf://me/reviews@v1.0")) == "hf://me/reviews@v1.0"


@pytest.mark.parametrize(
    "run",
    ["hf://", "hf://me", "hf://a/b/c", "hf://../b", "hf://a/../b", "hf://a/b@", "hf://a/b@x y", "hf://a/b@c@d",
     "hf:///a/b", "hf://a b/c", "hf://a/b\x00"],
)  # fmt: skip
def test_what_is_no_address_is_said_in_one_sentence(run):
    with pytest.raises(RunError, match=r"expected hf://owner/name or hf://owner/name@revision, got ") as caught:
        textclf.load(run)
    assert "\x00" not in str(caught.value)


def test_names_of_runs_are_no_addresses():
    assert not any(map(is_address, ["reviews", "runs/hf:", "./hf://me/x", Path("hf")]))


def test_a_command_that_needs_a_run_says_so():
    with pytest.raises(RunError, match="on the hub there are only classifiers"):
        find_run("hf://me/reviews")
