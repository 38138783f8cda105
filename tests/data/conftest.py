"""Fixtures of the tests of data."""

import logging

import pytest


@pytest.fixture
def write(here):
    """Write a file of this content, a text or bytes, into an empty working directory, and return its name."""

    def write_file(content, name="a.csv", encoding="utf-8"):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return name

    return write_file


@pytest.fixture
def warnings(caplog, monkeypatch):
    """The log lines of warnings."""
    monkeypatch.setattr(logging.getLogger("textclf"), "propagate", True)
    caplog.set_level(logging.WARNING)
    return caplog
