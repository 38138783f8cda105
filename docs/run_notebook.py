"""Run the code of `docs/notebook.ipynb` and write what each cell shows into it, as Jupyter does.

    PYTHONPATH=. python docs/run_notebook.py

A cell tagged `no-output` runs, and its output is left out: the report has 0.4 MB.
"""

import ast
import contextlib
import io
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

NOTEBOOK = Path(__file__).with_name("notebook.ipynb")


def run_cells(cells: list[dict]) -> list[list[dict]]:
    """Return the outputs of each cell. They run in one namespace, in the working directory."""
    names: dict[str, Any] = {}
    outputs, count = [], 0
    for cell in cells:
        if cell["cell_type"] != "code":
            outputs.append([])
            continue
        count += 1
        found = _run("".join(cell["source"]), names, count)
        outputs.append([] if "no-output" in cell["metadata"].get("tags", []) else found)
    return outputs


def _run(source: str, names: dict[str, Any], count: int) -> list[dict]:
    """Return what a cell prints, and the value of its last expression."""
    body = ast.parse(source).body
    last = body.pop() if isinstance(body[-1], ast.Expr) else None
    printed, value = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        exec(compile(ast.Module(body, []), "cell", "exec"), names)
        if last:
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    outputs: list[dict] = []
    if printed.getvalue():
        outputs.append({"output_type": "stream", "name": "stdout", "text": _lines(printed.getvalue())})
    if value is not None:
        data = {"text/plain": _lines(repr(value))}
        if hasattr(value, "_repr_html_"):
            data = {"text/html": _lines(value._repr_html_()), **data}
        outputs.append({"output_type": "execute_result", "execution_count": count, "metadata": {}, "data": data})
    return outputs


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def main() -> None:
    """Write the outputs into the notebook."""
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    root = NOTEBOOK.parent.parent
    sys.path.insert(0, str(root))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "data").symlink_to(root / "data")
        os.chdir(folder)
        outputs = run_cells(notebook["cells"])
        os.chdir(root)
    for cell, found in zip(notebook["cells"], outputs, strict=True):
        if cell["cell_type"] == "code":
            cell["outputs"] = found
    for count, cell in enumerate((cell for cell in notebook["cells"] if cell["cell_type"] == "code"), start=1):
        cell["execution_count"] = count
    NOTEBOOK.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
