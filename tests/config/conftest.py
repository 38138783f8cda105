"""A config from a text, or what is wrong with it; and files to write a config for."""

import re

import pytest

from tests.csv_files import write_rows
from textclf.config.config import load_config
from textclf.core.errors import ConfigError


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("configs") / "config.yaml"


@pytest.fixture
def load(path):
    def load_text(text, *overrides):
        path.write_text(text, encoding="utf-8")
        return load_config(path, overrides)

    return load_text


@pytest.fixture
def problems(load):
    """The rows of the message: place, path if there is one, what was expected and received."""

    def faults_in(text, *overrides):
        with pytest.raises(ConfigError) as caught:
            load(text, *overrides)
        heading, *rows, end = str(caught.value).split("\n")
        assert re.fullmatch(r".*config.yaml: \d+ problems?", heading)
        assert int(heading.split()[-2]) == len(rows)
        assert end == "Nothing was run."
        return [tuple(re.split(r" {2,}", row.strip())) for row in rows]

    return faults_in


@pytest.fixture
def write(here):
    """Write a CSV file into a working directory of its own."""

    def write_file(rows, header=("text", "label"), name="a.csv", delimiter=","):
        write_rows(name, [header, *rows], delimiter=delimiter)
        return name

    return write_file
