"""Every command of the tutorial runs as it stands there, and its scores are about those that are said."""

import json
import re
import shlex

import pytest

SAID = {"first": 0.83, "second": 0.96, "spaces": 0.50, "characters": 0.79}


@pytest.mark.slow
def test_the_tutorial_runs(root, workplace, textclf_command):
    text = (root / "docs/tutorial.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    commands = [shlex.split(line)[1:] for block in blocks for line in block.splitlines() if line.startswith("textclf ")]
    assert len(commands) >= 8
    for command in commands:
        finished = textclf_command(*command)
        assert finished.returncode == 0, f"{command}\n{finished.stderr.decode()}"
    for run, accuracy in SAID.items():
        metrics = json.loads((workplace / "runs" / run / "metrics.json").read_text())["test"]
        assert f"{accuracy:.2f}" in text
        assert metrics["accuracy"] == pytest.approx(accuracy, abs=0.06)
    assert (workplace / "runs/first/report.html").exists()
    assert (workplace / "compared.html").exists()
    assert (workplace / "doubtful.csv").exists()
