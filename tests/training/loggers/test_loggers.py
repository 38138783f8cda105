"""Loggers, through the real clients: what is in their stores is what is in the run, and no fault of theirs ends it."""

import contextlib
import importlib
import json
import logging
import socket
import sys

import pytest
from mlflow import MlflowClient
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

import textclf
from tests.csv_files import read_rows
from textclf.config.config import load_config
from textclf.core.errors import ConfigError
from textclf.core.run_folder import RunFolder, create_run
from textclf.training.check import check_config
from textclf.training.fitting.state import SaveState
from textclf.training.loggers import LOGGERS, check_loggers, logging_to

HISTORY = [
    {"epoch": 1, "accuracy": "0.500000", "loss": "0.700000", "validation_loss": "0.650000"},
    {"epoch": 2, "accuracy": "0.750000", "loss": "0.400000", "validation_loss": "0.350000"},
]
ENSEMBLE = {
    "architecture": "ensemble",
    "members": [{"model": {"architecture": "ngrams"}}, {"model": {"architecture": "ngrams", "hidden_units": 4}}],
}


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> str:
    """One database for the tests of this file: to make one takes seconds."""
    return f"sqlite:///{tmp_path_factory.mktemp('store')}/mlflow.db"


@pytest.fixture(autouse=True)
def own_store(own_environment, monkeypatch, store):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)


@pytest.fixture
def run(workplace, tiny_config):
    """A run that has only begun, and its config."""
    return create_run("mine", "", {}), load_config(tiny_config())


def curves(folder) -> dict[str, list[tuple[int, float]]]:
    """Steps and values by tag, of all event files in a folder."""
    events = EventAccumulator(str(folder)).Reload()
    return {
        tag: [(event.step, round(make_ndarray(event.tensor_proto).item(), 6)) for event in events.Tensors(tag)]
        for tag in events.Tags()["tensors"]
    }


def of_history(path, prefix: str) -> dict[str, list[tuple[int, float]]]:
    """The same from `history.csv`: columns with the prefix, or those of train without one."""
    rows = read_rows(path)
    names = [name for name in rows[0] if name != "epoch" and name.startswith("validation_") == bool(prefix)]
    return {
        name.removeprefix(prefix): [(step, float(row[name])) for step, row in enumerate(rows, start=1)]
        for name in names
    }


def of_mlflow(client, run_id: str, name: str) -> list[tuple[int, float]]:
    return [(metric.step, metric.value) for metric in client.get_metric_history(run_id, name)]


def test_what_is_not_installed_is_said_before_anything_is_read(workplace, tiny_config, monkeypatch):
    config = tiny_config(training={"log_to": ["tensorboard", "mlflow"]}, data={"train": "missing.csv"})
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(
        ConfigError, match=r'tensorboard is not installed\. pip install "textclf-keras\[tensorboard\]"$'
    ):
        textclf.train(config)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(ConfigError, match=r'pip install "textclf-keras\[tensorboard,mlflow\]"$'):
        textclf.train(config)
    assert not (workplace / "runs").exists()
    check_loggers([])
    (workplace / "mine.yaml").write_text(json.dumps(config))
    assert "training.log_to" in [finding.subject for finding in check_config("mine.yaml").findings]


@pytest.mark.parametrize("name", LOGGERS)
def test_the_table_is_what_the_config_offers(name):
    module = importlib.import_module(f"textclf.training.loggers.{name}")
    assert LOGGERS[name] is module
    assert load_config({"data": {"train": "x"}, "training": {"log_to": [name]}}).training.log_to == [name]


def test_an_ensemble_that_is_interrupted_after_a_line_was_told_has_every_step_once(workplace, tiny_config, monkeypatch):
    config = tiny_config(training={"log_to": ["tensorboard", "mlflow"], "refit": True})
    config["model"] = ENSEMBLE
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    ends, end = [], SaveState.on_epoch_end

    def end_or_stop(self, *arguments):
        ends.append(self.path)
        if len(ends) == 4:
            raise KeyboardInterrupt
        end(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(SaveState, "on_epoch_end", end_or_stop)
        with pytest.raises(KeyboardInterrupt):
            textclf.train(config, run="mine")
    client, run = MlflowClient(), RunFolder("runs/mine")
    run_id = run.read_metadata()["mlflow_run"]
    assert client.get_run(run_id).info.status == "KILLED"
    assert of_mlflow(client, run_id, "2-ngrams/loss")[-1][0] == 2
    textclf.resume("mine")
    assert run.read_metadata()["mlflow_run"] == run_id
    for network in ("1-ngrams", "2-ngrams", "refit-1-ngrams", "refit-2-ngrams"):
        history = run.network(network).history
        assert curves(run.tensorboard / network / "train") == of_history(history, "")
        for name, points in of_history(history, "").items():
            assert of_mlflow(client, run_id, f"{network}/{name}") == points
        if not network.startswith("refit"):
            assert curves(run.tensorboard / network / "validation") == of_history(history, "validation_")
            for name, points in of_history(history, "validation_").items():
                assert of_mlflow(client, run_id, f"{network}/validation_{name}") == points
    whole = client.get_run(run_id)
    assert (whole.info.status, whole.info.run_name) == ("FINISHED", "mine")
    assert whole.data.tags["textclf.version"] == textclf.__version__
    assert whole.data.params["training.epochs"] == "2"
    assert whole.data.params["model.members.2.model.hidden_units"] == "4"
    metrics = json.loads(run.metrics.read_text())
    assert whole.data.metrics["test/accuracy"] == metrics["test"]["accuracy"]
    assert whole.data.metrics["validation/f1_macro"] == metrics["validation"]["f1_macro"]
    assert [file.path for file in client.list_artifacts(run_id)] == ["classifier", "config.yaml", "metrics.json"]
    copied = client.download_artifacts(run_id, "classifier", str(workplace))
    assert textclf.load(copied).predict(["a wonderful film"]) == textclf.load(run).predict(["a wonderful film"])


def test_settings_of_any_name_and_length_become_parameters(workplace, tiny_config):
    weights = {"好评 & more": 2.0, "b" * 300: 1.0}
    config = load_config(tiny_config(targets={"class_weights": weights}, data={"text_column": "x" * 7000}))
    with logging_to(["mlflow"], create_run("mine", "", {}), config):
        pass
    params = MlflowClient().get_run(RunFolder("runs/mine").read_metadata()["mlflow_run"]).data.params
    assert params["targets.class_weights.好评 _ more"] == "2.0"
    assert len(params["data.text_column"]) == 6000
    assert params["targets.abstain_below"] == "null"
    assert params[f"targets.class_weights.{'b' * 228}"] == "1.0"


@pytest.mark.parametrize(
    ("error", "status"), [(KeyboardInterrupt, "KILLED"), (ValueError, "FAILED")], ids=["interrupted", "failed"]
)
def test_a_training_that_does_not_finish_is_shown_as_such(run, error, status):
    def train():
        with logging_to(["mlflow"], *run) as log_history:
            log_history("", HISTORY[:1])
            raise error

    with pytest.raises(error):
        train()
    run_id = run[0].read_metadata()["mlflow_run"]
    assert MlflowClient().get_run(run_id).info.status == status
    with contextlib.suppress(error), logging_to(["mlflow"], *run):
        assert MlflowClient().get_run(run_id).info.status == "RUNNING"
        raise error


def test_a_server_that_is_away_is_told_in_the_end_what_it_has_missed(run, workplace, monkeypatch, caplog):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{workplace}/away/mlflow.db")
    (workplace / "away").write_text("no folder")
    with logging_to(["mlflow"], *run) as log_history:
        log_history("1-cnn", HISTORY[:1])
        log_history("2-lstm", HISTORY[:1])
        (workplace / "away").unlink()
        log_history("2-lstm", HISTORY)
        run[0].classifier.mkdir()
        for path in (run[0].config, run[0].metrics):
            path.write_text("{}")
    [warning] = [record.message for record in caplog.records if record.name.startswith("textclf")]
    assert warning.startswith("mlflow: ")
    assert warning.endswith("textclf retries at its end")
    run_id = run[0].read_metadata()["mlflow_run"]
    assert of_mlflow(MlflowClient(), run_id, "1-cnn/loss") == [(1, 0.7)]
    assert of_mlflow(MlflowClient(), run_id, "2-lstm/loss") == [(1, 0.7), (2, 0.4)]
    assert MlflowClient().get_run(run_id).info.status == "FINISHED"


def connections(server: socket.socket) -> int:
    """How many were made to a server that has not accepted any."""
    server.setblocking(False)
    number = 0
    with contextlib.suppress(OSError):
        while True:
            server.accept()[0].close()
            number += 1
    return number


@pytest.mark.parametrize("answers", [False, True], ids=["refuses", "never answers"])
def test_a_server_that_cannot_be_reached_costs_two_warnings(run, monkeypatch, caplog, capfd, answers):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if answers:
            server.listen()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
        with caplog.at_level(logging.WARNING), logging_to(["mlflow"], *run) as log_history:
            log_history("", HISTORY[:1])
            log_history("", HISTORY)
        retries = int(LOGGERS["mlflow"].ENVIRONMENT["MLFLOW_HTTP_REQUEST_MAX_RETRIES"])
        assert connections(server) == (2 * (1 + retries) if answers else 0)  # at the beginning, and at the end
    first, last = [record.message for record in caplog.records if record.name.startswith("textclf")]
    assert first.startswith("mlflow: ")
    assert "retries at its end" in first
    assert last.endswith("Its record of this run is incomplete")
    assert len(first) < 300
    said = capfd.readouterr().err.splitlines()  # ours are among it where a command has run in this process
    assert [line for line in said if not line.startswith("Warning: mlflow: ")] == []


def test_event_files_that_cannot_be_written_end_nothing(run, caplog):
    run[0].tensorboard.write_text("no folder")
    with logging_to(["tensorboard"], *run) as log_history:
        log_history("", HISTORY[:1])
        run[0].tensorboard.unlink()
    assert "tensorboard: " in caplog.text
    assert curves(run[0].tensorboard / "train") == {"accuracy": [(1, 0.5)], "loss": [(1, 0.7)]}
