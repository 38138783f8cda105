"""What the tests of trainings share."""

import os

import pytest


@pytest.fixture
def own_environment(monkeypatch):
    """What a user has set for other runs of MLflow, and what the logger sets, is not that of the tests."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
        monkeypatch.delenv(name)
    yield
    os.environ.clear()
    os.environ.update(before)
