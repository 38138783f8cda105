"""The report in a browser: everything is drawn, nothing fails, and what can be clicked does something."""

import csv
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import textclf
from tests.browser import BROWSER, FLAGS, needs_browser
from tests.conftest import rewrite_config
from tests.csv_files import write_rows
from textclf.core.run_folder import RunFolder
from textclf.evaluation.compare import compare, write_comparison

pytestmark = needs_browser
# Before everything else: whatever goes wrong is kept.
LISTENING = """<script>
const problems = [];
addEventListener("error", (event) => problems.push(String(event.message)));
addEventListener("securitypolicyviolation", (event) => problems.push(`${event.violatedDirective} ${event.blockedURI}`));
// Without a screen there may be no frames.
window.requestAnimationFrame = (draw) => setTimeout(() => draw(performance.now()), 16);
for (const name of ["error", "warn"]) console[name] = (...said) => problems.push(said.join(" "));
</script>"""
# Behind everything: a visitor who searches, sorts, clicks, moves a slider and points at a plot.
VISITING = """<script>
const seen = {};
const rowsOf = (table) => table.querySelectorAll("tbody tr").length;
function readTexts(texts) {
  const search = texts.querySelector("input");
  seen.before = rowsOf(texts);
  search.value = "no text has this";
  search.dispatchEvent(new Event("input"));
  seen.found = texts.querySelector("tbody").textContent;
  search.value = "";
  search.dispatchEvent(new Event("input"));
  seen.after = rowsOf(texts);
  const head = [...texts.querySelectorAll("th")].at(-1);
  head.click();
  const last = () => [...texts.querySelectorAll("tbody tr td:last-child")].map((cell) => Number(cell.textContent));
  seen.falling = last();
  head.click();
  seen.rising = last();
  const link = document.querySelector(".matrix button, td button");
  seen.linked = Number(link.textContent);
  link.click();
  seen.leads = rowsOf(texts);
}
function pointAt(canvas) {
  const point = Chart.getChart(canvas).getDatasetMeta(0).data[0];
  canvas.scrollIntoView({ block: "center" });
  const box = canvas.getBoundingClientRect();
  const place = { bubbles: true, clientX: box.x + point.x + 1, clientY: box.y + Math.max(point.y, 40) };
  canvas.dispatchEvent(new MouseEvent("mousemove", place));
}
function visit() {
  const canvases = [...document.querySelectorAll("canvas")];
  seen.plots = canvases.length;
  seen.blank = canvases.filter((canvas) => !canvas.width || !canvas.getContext("2d").getImageData(
    0, 0, canvas.width, canvas.height).data.some(Boolean)).length;
  seen.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const table = document.getElementById("texts");
  if (table?.querySelector("input")) readTexts(table);  // of one that makes no mistakes there are none
  seen.titles = [...document.querySelectorAll("h2")].map((title) => title.textContent);
  seen.broken = [...document.querySelectorAll("td.name")].map((cell) => cell.textContent);
  const turned = [...document.querySelectorAll("td")].filter((cell) => cell.textContent === "שלום!");
  seen.turned = turned.map((cell) => {
    const range = document.createRange();
    const left = (at) => {
      range.setStart(cell.firstChild, at);
      range.setEnd(cell.firstChild, at + 1);
      return range.getBoundingClientRect().left;
    };
    return left(4) < left(0);
  });
  seen.label = [...document.querySelectorAll("#section-2 tbody tr:first-child td")].map((cell) => cell.textContent);
  const slider = document.querySelector("input[type=range]");
  if (slider) {
    const counts = () => document.querySelector(".counts").textContent;
    const first = counts();
    slider.value = 0;
    slider.dispatchEvent(new Event("input"));
    seen.slid = first !== counts();
  }
  if (canvases.length) pointAt(canvases[0]);
  setTimeout(() => {
    seen.hover = canvases.length && Chart.getChart(canvases[0]).tooltip.body.map((part) => part.lines.join()).join();
    seen.requests = performance.getEntriesByType("resource").map((entry) => entry.name);
    seen.problems = problems;
    const said = document.createElement("pre");
    said.id = "seen";
    said.textContent = JSON.stringify(seen);
    document.body.append(said);
  }, 500);
}
setTimeout(visit, 1000);
</script>"""


def visited(path, folder, width):
    """What a visitor of a page sees."""
    page = path.read_text(encoding="utf-8")
    page = page.replace("<head>", f"<head>{LISTENING}").replace("</body>", f"{VISITING}</body>")
    prepared = Path(folder, "visited.html")
    prepared.write_text(page, encoding="utf-8")
    options = ["--headless", *FLAGS, f"--user-data-dir={folder}/profile", f"--window-size={width},900"]
    command = [BROWSER, *options, "--virtual-time-budget=8000", "--dump-dom", prepared.as_uri()]
    finished = subprocess.run(command, capture_output=True, timeout=90, check=True)
    [seen] = re.findall(r'<pre id="seen">(.*?)</pre>', finished.stdout.decode(), re.DOTALL)
    return json.loads(seen.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&"))


@pytest.mark.parametrize("name", ["runs/toy_en", "runs/toy_topics", "runs/toy_zh", "colours"])
def test_everything_is_drawn_and_works(finished_runs, tmp_path, name):
    path = textclf.write_report(finished_runs / name, output=tmp_path / "report.html", with_baseline=False)
    seen = visited(path, tmp_path, 500)
    assert seen["problems"] == []
    assert seen["requests"] == []
    assert seen["plots"] >= 5
    assert seen["blank"] == 0
    assert seen["wide"] <= 0
    if name == "colours":  # whose network makes no mistakes
        assert seen["label"][:5] == ["blue", seen["label"][1], "1.0000", "1.0000", "1.0000"]
    else:
        assert seen["found"] == "Nothing found."
        assert seen["before"] == seen["after"] > 0
        assert seen["falling"] == sorted(seen["falling"], reverse=True)
        assert seen["rising"] == sorted(seen["rising"])
        assert 0 < seen["leads"] <= seen["linked"]
    assert seen.get("slid", True)
    assert "epoch 1" in seen["hover"]


def test_right_to_left_texts_begin_at_the_right(with_runs, tmp_path):
    predictions = RunFolder("runs/toy_en").predictions
    with predictions.open(encoding="utf-8", newline="") as stream:
        lines = [{**line, "text": "שלום!"} for line in csv.DictReader(stream)]
    with predictions.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, lines[0])
        writer.writeheader()
        writer.writerows(lines)
    path = textclf.write_report("toy_en", output=tmp_path / "report.html", with_baseline=False)
    turned = visited(path, tmp_path, 500)["turned"]
    assert turned
    assert all(turned)


def test_a_comparison_is_drawn_and_long_names_are_whole(with_runs, tmp_path):
    shutil.copytree("runs/toy_en", "runs/other")
    other = RunFolder("runs/other")
    rewrite_config(other, other.config.read_text().replace("learning_rate: 0.01", "learning_rate: 0.02"))
    predictions = Path("runs/other/predictions.csv")
    header, first, *others = list(csv.reader(predictions.open(encoding="utf-8")))
    first[-2:] = first[:-3:-1]  # the probabilities of both labels
    first[3] = "negative" if first[3] == "positive" else "positive"  # the prediction
    write_rows(predictions, [header, first, *others])
    write_comparison(compare(["toy_en", "other"]), tmp_path / "compared.html")
    seen = visited(tmp_path / "compared.html", tmp_path, 500)
    assert (seen["problems"], seen["requests"]) == ([], [])
    assert seen["titles"] == ["Scores", "Settings", "Different predictions"]
    assert "training.learning_rate" in seen["broken"]
    assert seen["wide"] <= 0
