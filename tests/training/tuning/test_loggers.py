"""A search in TensorBoard and MLflow, through their real clients: a run for the search and one for each trial."""

import time

import pytest
from mlflow import MlflowClient
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from textclf.config.config import load_config
from textclf.config.search_space import search_space
from textclf.core.files import write_json
from textclf.core.run_folder import RunFolder
from textclf.training.training_run import new_part, new_run
from textclf.training.tuning.loggers import SEARCH, history_of, logging_search
from textclf.training.tuning.record import Trial, append, read_record
from textclf.training.tuning.search import Search

TRIALS = [
    Trial(0, "finished", {}, 0.5, size=1.5, latency=0.2, seconds=3.0),
    Trial(1, "stopped", {}, seconds=1.0, error="its time was over"),
    Trial(2, "failed", {}, seconds=0.5),
    Trial(3, "finished", {}, 0.25, size=1.0, latency=0.1, seconds=2.0),
]


@pytest.fixture(autouse=True)
def own_store(own_environment, monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")


@pytest.fixture
def search(workplace, tiny_config) -> Search:
    """A search whose trials are not in its record yet."""
    config = load_config(tiny_config(training={"log_to": ["tensorboard", "mlflow"]}))
    folder = new_run(config, "test", "s", "s", search=True)
    search = Search(folder, config, search_space(config), time.perf_counter(), 0.0)
    for trial in TRIALS:
        rate = 0.01 * (trial.number + 1)
        of_trial = load_config(tiny_config(training={"learning_rate": rate}))
        search.folder_of(trial.number).parent.mkdir(exist_ok=True)
        part = new_part(folder, f"trials/{trial.number:04}", of_trial, "test")
        if trial.score is not None:
            part.history.write_text(f"epoch,loss,validation_loss\n1,0.9,0.8\n2,0.5,{trial.score}\n")
            write_json(part.metrics, {"validation": {"accuracy": 0.5, "log_loss": trial.score}})
            part.classifier.mkdir()
            (part.classifier / "model.onnx").write_bytes(b"large")
    return search


def run_until(search: Search, number: int) -> None:
    with logging_search(search) as log_history:
        for trial in TRIALS[len(read_record(search.folder.path)) : number]:
            append(search.folder.path, trial)
            log_history(SEARCH, history_of(search, TRIALS[: trial.number + 1]))
        if number < len(TRIALS):
            raise KeyboardInterrupt


def scalars(folder) -> dict[str, list[int]]:
    events = EventAccumulator(str(folder)).Reload()
    return {tag: [event.step for event in events.Tensors(tag)] for tag in events.Tags()["tensors"]}


@pytest.mark.slow  # it creates a database
def test_a_search_and_its_trials_are_logged_once_also_after_an_interruption(search):
    with pytest.raises(KeyboardInterrupt):
        run_until(search, 2)
    client, parent = MlflowClient(), search.folder.read_metadata()["mlflow_run"]
    assert client.get_run(parent).info.status == "KILLED"
    run_until(search, 4)
    assert client.get_run(parent).info.status == "RUNNING"  # the training of the best config ends it
    assert client.get_run(parent).data.params == {}
    assert [point.value for point in client.get_metric_history(parent, "search/validation_loss")] == [0.5, 0.25]
    assert [point.step for point in client.get_metric_history(parent, "search/seconds")] == [1, 2, 3, 4]
    found = client.search_runs([client.get_run(parent).info.experiment_id], order_by=["attributes.start_time"])
    children = [run for run in found if run.info.run_id != parent]
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parent}
    assert [run.info.status for run in children] == ["FINISHED", "KILLED", "FAILED", "FINISHED"]
    assert [run.data.params["training.learning_rate"] for run in children] == ["0.01", "0.02", "0.03", "0.04"]
    assert children[3].data.metrics["trial/score"] == children[3].data.metrics["validation/log_loss"] == 0.25
    assert [point.step for point in client.get_metric_history(children[3].info.run_id, "validation_loss")] == [1, 2]
    assert not client.list_artifacts(children[0].info.run_id, "classifier")
    assert scalars(search.folder.tensorboard / "search/validation") == {"loss": [1, 4]}
    assert scalars(search.folder_of(3) / "tensorboard/validation") == {"loss": [1, 2]}


def test_a_server_that_is_away_stops_no_search(search, monkeypatch, caplog):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    run_until(search, 4)
    assert "mlflow" in caplog.text
    assert RunFolder(search.folder_of(3)).read_metadata()["logged"] == ["tensorboard"]
