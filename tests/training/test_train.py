"""A training as a whole: what is kept, what is refused before anything is written, and how it ends."""

import json
import math
import re

import pytest

import textclf
from tests.conftest import LINEAR, LSTM, TINY, write_colours
from tests.csv_files import read_rows, write_rows
from textclf.config.config import load_config
from textclf.core.errors import ConfigError, DataError, RunError, TrainingError
from textclf.core.find_run import find_run, latest_run
from textclf.core.run_folder import RunFolder
from textclf.evaluation.calibration import before_temperature
from textclf.inference.classifier import load_classifier

ONE_EPOCH = {"epochs": 1}


def train(config, *overrides, run="r"):
    return textclf.train(config, overrides, run=run)


def test_the_run_folder_has_everything_it_promises(with_runs):
    run = with_runs / "runs" / "toy_en"
    files = {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()}
    assert files == {
        "config.yaml", "run.json", "train.log", "splits.csv", "history.csv", "metrics.json", "predictions.csv",
        "checkpoints/best.npz", "checkpoints/last.npz",
        "classifier/model.onnx", "classifier/tokenizer.json", "classifier/labels.json", "classifier/classifier.json",
    }  # fmt: skip
    about = json.loads((run / "run.json").read_text())
    assert about["status"] == "finished"
    assert about["onnx_difference"] <= 1e-4
    assert set(about["data_sha256"]) == {"data/toy_en/train.csv", "data/toy_en/test.csv"}
    assert {"tensorflow", "keras", "onnxruntime", "scipy", "python", "textclf"} <= set(about["versions"])
    assert find_run("latest").path.resolve() == run


def test_the_resolved_config_repeats_the_run_and_its_seed_matters(with_runs):
    first = RunFolder(with_runs / "runs/toy_topics")
    second = train(first.config, run="second")
    for name in ("metrics", "predictions"):
        assert getattr(first, name).read_bytes() == getattr(second, name).read_bytes()
    other = train(first.config, "seed=7", "model.filters=5", run="other")
    assert other.metrics.read_bytes() != first.metrics.read_bytes()
    assert (load_config(other.config).seed, load_config(other.config).model.filters) == (7, 5)


def test_validation_figures_of_the_history_are_those_of_the_classifier(with_runs):
    run = RunFolder(with_runs / "runs/toy_en")
    row = read_rows(run.history)[run.read_metadata()["networks"]["lstm"]["best_epoch"] - 1]
    metrics = json.loads(run.metrics.read_text())["validation"]
    for name in ("accuracy", "f1_macro", "roc_auc"):
        assert float(row[f"validation_{name}"]) == pytest.approx(metrics[name], abs=1e-5)
    assert float(row["validation_loss"]) == pytest.approx(metrics["before_calibration"]["log_loss"], abs=1e-5)


def test_a_validation_file_is_used_as_it_is(workplace, tiny_config):
    run = train({**tiny_config(data={"validation": "data/toy_en/test.csv", "test": None}), **LINEAR})
    metrics = json.loads(run.metrics.read_text())
    assert metrics["train"]["rows"] == 440
    assert metrics["validation"]["rows"] == 120
    assert "test" not in metrics


def test_the_split_is_kept_by_row_number(with_runs):
    rows = [(row["split"], row["file"], int(row["row"])) for row in read_rows(with_runs / "runs/toy_en/splits.csv")]
    held_out = [row for split, file, row in rows if split == "validation"]
    learned = [row for split, file, row in rows if split == "train"]
    assert sorted(held_out + learned) == list(range(1, 441))
    assert len(held_out) == 44
    assert [row for row in rows if row[0] == "test"] == [("test", "data/toy_en/test.csv", n) for n in range(1, 121)]


def test_a_classifier_that_always_says_the_same_is_said_aloud(workplace, tiny_config):
    run = train(tiny_config(training={"epochs": 1}), "targets.class_weights={positive: 1000}")
    assert re.search(
        r"predicts 'positive' for every validation text \(true labels: negative 50\.0%, positive 50\.0%\)",
        run.log.read_text(),
    )


def test_an_interrupted_run_says_that_it_is_unfinished(workplace, tiny_config, monkeypatch):
    from textclf.training.fitting import ensemble as fitting

    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(fitting, "build_graph", interrupt)
    with pytest.raises(KeyboardInterrupt):
        train(tiny_config(training=ONE_EPOCH))
    assert json.loads((workplace / "runs/r/run.json").read_text())["status"] == "interrupted"
    assert latest_run() is None


def test_a_classifier_that_answers_otherwise_than_the_network_is_refused(workplace, tiny_config, monkeypatch):
    from textclf.export.converters import recurrent

    right_order = recurrent._onnx_weights
    monkeypatch.setattr(recurrent, "_onnx_weights", lambda k, r, b, units: right_order(k[:, ::-1], r, b, units))
    with pytest.raises(TrainingError, match="differ from the trained network's by up to"):
        train({**tiny_config(training=ONE_EPOCH), "model": LSTM})
    assert json.loads((workplace / "runs/r/run.json").read_text())["status"] == "failed"


BAD_DATA = {
    "missing file": (None, r"expected a file, but there is none"),
    "missing column": ("comment,label\na,b\n", r"expected a column 'text', but the columns are: comment, label"),
    "no rows": ("text,label\n", r"got a file without rows"),
    "empty file": ("", r"got an empty file"),
    "one class only": ("text,label\na,x\nb,x\nc,x\n", r"at least two different labels to learn, got 'x'"),
    "nothing to hold out": ("text,label\na,x\nb,y\n", r"a label with at least two different texts"),
    "not UTF-8": ("text,label\na,x\nb\udcff,y\n", r"expected UTF-8 text, got byte 0xff in line 3"),
}


@pytest.mark.parametrize(("content", "message"), BAD_DATA.values(), ids=BAD_DATA)
def test_data_that_cannot_be_used_is_refused_and_nothing_is_written(workplace, content, message):
    if content is not None:
        (workplace / "bad.csv").write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(DataError, match=message):
        train({"data": {"train": "bad.csv"}})
    assert not (workplace / "runs").exists()


def test_a_test_label_that_training_never_saw_is_refused_before_training(workplace, tiny_config):
    (workplace / "test.csv").write_text("text,label\ngood,positive\nbad,negatif\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"test.csv: .* got 'negatif' in row 2"):
        train(tiny_config(data={"test": "test.csv"}))
    assert not (workplace / "runs").exists()


def test_a_bad_config_is_refused_and_nothing_is_written(workplace, tiny_config):
    with pytest.raises(ConfigError, match="unknown setting"):
        train(tiny_config(), "training.epoch=3")
    assert not (workplace / "runs").exists()


def test_a_name_that_is_taken_is_refused(with_runs, tiny_config):
    with pytest.raises(RunError, match="a run of this name exists"):
        train(tiny_config(), run="toy_en")


def test_rows_without_text_or_label_are_left_out_and_said(workplace, tiny_config):
    lines = (workplace / "data/toy_en/train.csv").read_text(encoding="utf-8")
    (workplace / "gaps.csv").write_text(lines + ",positive\nno label,\n", encoding="utf-8")
    run = train({**tiny_config(data={"train": "gaps.csv"}), **LINEAR})
    log = run.log.read_text()
    assert json.loads(run.metrics.read_text())["train"]["rows"] + 44 == 440
    assert "gaps.csv: 1 of 442 rows have no label and are left out (rows 442)" in log
    assert "gaps.csv: 1 of 441 rows have no text and are left out (rows 441)" in log


@pytest.mark.parametrize(("tokenizer", "padding"), [("word", "left"), ("keras", "right")])
def test_every_tokenizer_and_padding_trains(workplace, tiny_config, tokenizer, padding):
    run = train(tiny_config("toy_zh"), f"preprocessing.tokenizer={tokenizer}", f"preprocessing.padding={padding}")
    assert math.isfinite(json.loads(run.metrics.read_text())["test"]["log_loss"])


def test_two_labels_can_be_trained_as_multiclass(workplace, tiny_config):
    run = train({**tiny_config(), **LINEAR}, "targets.type=multiclass")
    assert textclf.load(run).predict_proba(["good"]).sum() == pytest.approx(1)


def test_it_learns_what_can_be_learned(workplace):
    words = {"red": ["cherry", "blood", "rose"], "green": ["grass", "leaf", "moss"], "blue": ["sky", "sea", "ink"]}
    rows = [f"{word} {filler},{label}" for label, many in words.items() for word in many for filler in range(20)]
    (workplace / "colours.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    run = train({"data": {"train": "colours.csv"}, **TINY, "training": {"epochs": 20, "learning_rate": 0.05}})
    assert json.loads(run.metrics.read_text())["validation"]["accuracy"] == 1
    assert textclf.load(run).predict(["the sky", "a rose", "moss here"]) == ["blue", "red", "green"]


def test_several_labels_a_text_are_learned_and_answered(finished_runs):
    run = RunFolder(finished_runs / "colours")
    metrics = json.loads(run.metrics.read_text())["validation"]
    assert metrics["accuracy"] > 0.9
    assert metrics["f1_samples"] > 0.9
    assert "task: multilabel (3 labels, inferred)" in run.log.read_text()
    answers = textclf.load(run).predict(["the sky", "rose and leaf", "a 3 day"])
    assert [sorted(labels) for labels in answers] == [["blue"], ["green", "red"], []]
    labels = {row["label"] for row in read_rows(run.predictions)}
    assert {"", "red", "green|red"} <= labels | {"red|green", "green|red"}


def test_lists_of_labels_in_json_are_the_same_as_a_separator(workplace):
    write_colours(workplace / "colours.csv", separator=";")
    lines = read_rows(workplace / "colours.csv")
    rows = [{**line, "label": [part for part in line["label"].split(";") if part]} for line in lines]
    (workplace / "colours.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    first = train({"data": {"train": "colours.csv"}, "targets": {"separator": ";"}, **LINEAR}, run="first")
    second = train({"data": {"train": "colours.jsonl"}, "targets": {"separator": ";"}, **LINEAR}, run="second")
    assert first.metrics.read_bytes() == second.metrics.read_bytes()


def test_class_weights_find_more_of_a_rare_label(workplace, tiny_config):
    rows = read_rows(workplace / "data/toy_en/train.csv")
    kept = [row for index, row in enumerate(rows) if row["label"] == "negative" or index < 90]
    write_rows(workplace / "rare.csv", kept)
    config = tiny_config(data={"train": "rare.csv"})
    plain, weighted = train(config, run="plain"), train(config, "targets.class_weights={positive: 20}", run="weighted")
    found = [json.loads(run.metrics.read_text())["test"]["by_class"]["positive"] for run in (plain, weighted)]
    assert found[1]["recall"] > found[0]["recall"]


def test_label_smoothing_keeps_probabilities_off_the_ends(workplace, tiny_config):
    config = tiny_config(training={"epochs": 8})
    plain, smoothed = train(config, run="plain"), train(config, "targets.label_smoothing=0.4", run="smoothed")
    texts = ["terrible, awful, broken", "great, love it"]
    highest = []
    for run in (plain, smoothed):  # as the network has them: calibration makes the smoothed one as sure as it is right
        probabilities = textclf.load(run).predict_proba(texts)
        highest.append(before_temperature(probabilities, run.read_metadata()["temperature"], multilabel=False).max())
    assert highest[1] < highest[0]


def test_the_temperature_makes_the_log_loss_of_validation_lower(finished_runs):
    for name in ("toy_en", "toy_topics"):
        run = RunFolder(finished_runs / "runs" / name)
        validation = run.read_metrics()["validation"]
        assert run.read_metadata()["temperature"] != 1
        assert validation["log_loss"] < validation["before_calibration"]["log_loss"]


def test_a_threshold_chosen_on_validation_is_in_the_classifier_and_the_figures(workplace):
    write_colours(workplace / "colours.csv")
    config = {"data": {"train": "colours.csv"}, **TINY, "training": {"epochs": 3, "learning_rate": 0.02}}
    half, chosen = (train(config, f"targets.threshold={aim}", run=aim) for aim in ("0.5", "f1"))
    thresholds = load_classifier(chosen.classifier).decision.thresholds
    assert len(set(thresholds)) == 3
    assert load_classifier(half.classifier).decision.thresholds is None
    at_half, at_chosen = (run.read_metrics()["validation"]["f1_macro"] for run in (half, chosen))
    assert at_chosen > at_half  # of the same network
    probabilities = load_classifier(chosen.classifier).predict_proba(["cherry 1", "sky and moss"])
    labels = ("blue", "green", "red")
    expected = [[label for label, p, t in zip(labels, row, thresholds, strict=True) if p >= t] for row in probabilities]
    assert load_classifier(chosen.classifier).predict(["cherry 1", "sky and moss"]) == expected


def test_an_unsure_classifier_says_so(workplace, tiny_config, textclf_main):
    run = train({**tiny_config(targets={"abstain_below": 0.99}), **LINEAR}, run="unsure")
    metrics = run.read_metrics()["test"]
    assert 0 <= metrics["coverage"] < 1

    def answer(*options):
        finished = textclf_main("predict", "a film", *options)
        assert finished.code == 0, finished.stderr
        return finished.stdout

    assert re.fullmatch(r"unsure\t0\.\d{4}\n", answer())
    said = json.loads(answer("--format", "jsonl"))
    assert said["label"] is None
    assert said["probability"] == max(said["probabilities"].values())
    assert load_classifier(run.classifier).predict(["a film"]) == [None]
    [_, line] = answer("--format", "csv").splitlines()
    assert line.startswith("a film,,0.")
    assert re.fullmatch(r"(positive|negative)\t0\.\d{4}\t(\w+ [+-]0\.\d{4}  )\w+ [+-]0\.\d{4}\n", answer("--explain"))
