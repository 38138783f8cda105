"""The front of a search, its table and its page."""

import json
import re

import pytest

from tests.csv_files import read_rows
from textclf.config.config import load_config
from textclf.config.search_space import Range, search_space, value_of
from textclf.core.run_folder import RunFolder
from textclf.training.tuning.page import _place, write_page
from textclf.training.tuning.record import Trial
from textclf.training.tuning.results import SearchResults, write_trials


def results_of(*figures, **tuning):
    """The results of trials with these scores, sizes and latencies."""
    config = load_config({"data": {"train": "x.csv"}, "tuning": tuning or None})
    space = search_space(config)
    values = {path: value_of(config, path) for path in space}
    trials = [
        Trial(
            number, "finished", {**values, "model.units": 16 + number}, score, {"accuracy": 0.9}, [], [], size, latency
        )
        for number, (score, size, latency) in enumerate(figures)
    ]
    return SearchResults(config, space, trials)


def test_the_front_has_the_trials_that_no_other_beats():
    results = results_of((0.5, 1.0, 1.0), (0.4, 2.0, 1.0), (0.6, 1.0, 1.0), (0.4, 2.0, 1.0), (0.9, 3.0, 0.5))
    assert [trial.number for trial in results.front] == [1, 3, 0, 4]
    assert results.best.number == 1
    assert results_of((0.5, 1.0, 1.0), (0.4, 2.0, 1.0), size=1.5).best.number == 0


def test_the_table_has_a_line_for_each_trial(tmp_path):
    results = results_of((0.5, 1.0, 1.0), (0.4, 2.0, 1.0))
    write_trials(results, tmp_path / "trials.csv")
    rows = read_rows(tmp_path / "trials.csv")
    assert [row["score"] for row in rows] == ["0.5", "0.4"]
    assert [row["model.units"] for row in rows] == ["16", "17"]
    assert rows[0]["model.pooling"] == "last"


def test_the_page_shows_every_trial(tmp_path):
    pytest.importorskip("optuna")
    results = results_of(*((0.1 * number, 1.0 + number % 3, 1.0) for number in range(1, 8)))
    (tmp_path / "best.yaml").write_text("# </script>\n", encoding="utf-8")
    text = write_page(results, RunFolder(tmp_path)).read_text(encoding="utf-8")
    data = re.search(r'<script[^>]*id="data"[^>]*>(.*?)</script>', text, re.DOTALL)[1]
    sections = {section["title"]: section for section in json.loads(data)["sections"]}
    assert list(sections) == ["Best", "Course", "Settings", "Trials"]
    table = sections["Trials"]["blocks"][0]
    assert [row[0] for row in table["rows"]] == list(range(7))
    kinds = {block["kind"] for section in sections.values() for block in section["blocks"]}
    assert {"cards", "table", "lines", "bars", "parallel", "code"} <= kinds
    assert all(0 <= place <= 1 for row in sections["Settings"]["blocks"][-1]["rows"] for place in row[1])


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(
    ("value", "place"), [(0.0, 0.0), (None, 0.0), ([0.001, 0.1], 0.0), (0.0001, 0.0), (5, 1.0), (0.1, 1.0)]
)
def test_a_value_of_the_config_outside_of_its_range_is_drawn_at_its_end(value, place, log):
    assert _place(Range(0.0001, 0.1, log=log, whole=False), value) == place
