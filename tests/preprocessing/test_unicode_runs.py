"""The generated table of characters is what its generator writes."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_table_is_fresh():
    path = ROOT / "docs/generate_unicode_runs.py"
    specification = importlib.util.spec_from_file_location("generate_unicode_runs", path)
    generator = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(generator)
    assert generator.PATH.read_text(encoding="utf-8") == generator.content()
