"""The notebook of the documents runs and shows what it shows on the page, up to its figures."""

import json
import re
import runpy
from pathlib import Path

ROOT = Path(__file__).parent.parent


def without_figures(output):
    """The output without numbers, colours that depend on them, and the space that is left beside them."""
    text = json.dumps(output, ensure_ascii=False, sort_keys=True)
    text = re.sub(r"background:rgba\([^)]*\)", "", text)
    return re.sub(r"[\s\\n]+", " ", re.sub(r"[-+<]?\s*\d+(?:\.\d*)?(?:e-\d+)?", "0", text))


def test_the_notebook_shows_what_it_shows_when_it_runs(workplace):
    cells = json.loads((ROOT / "docs/notebook.ipynb").read_text(encoding="utf-8"))["cells"]
    found = runpy.run_path(str(ROOT / "docs/run_notebook.py"))["run_cells"](cells)
    lines = 0
    for cell, outputs in zip(cells, found, strict=True):
        if cell["cell_type"] == "code":
            lines += sum(not line.isspace() for line in cell["source"])
            assert without_figures(outputs) == without_figures(cell["outputs"])
    assert lines >= 30
    assert (workplace / "runs/linear/report.html").exists()
