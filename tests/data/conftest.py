"""Fixtures of the tests of data."""

import logging

import pytest


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a file of this content into an empty working directory, and return its name."""
    monkeypatch.chdir(tmp_path)

    def write_file(content, name="a.csv"):
        (tmp_path / name).write_text(content, encoding="utf-8")
        return name

    return write_file


@pytest.fixture
def warnings(caplog, monkeypatch):
    """The log lines of warnings."""
    monkeypatch.setattr(logging.getLogger("textclf"), "propagate", True)
    caplog.set_level(logging.WARNING)
    return caplog
