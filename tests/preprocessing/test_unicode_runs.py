"""The generated table of characters is what its generator writes."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_table_is_fresh():
    generator = runpy.run_path(str(ROOT / "docs/generate_unicode_runs.py"))
    assert generator["PATH"].read_text(encoding="utf-8") == generator["content"]()
