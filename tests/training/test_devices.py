"""TF_CONFIG and `training.devices`: which process is first, and all problems at once."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import textclf
from tests.conftest import ROOT, TOY_EN
from textclf.config.config import load_config
from textclf.core.errors import ConfigError, RunError
from textclf.training.check import check_config
from textclf.training.cross_validation import cross_validate
from textclf.training.devices import _read, check_devices, cluster, is_worker
from textclf.training.learning_rate_finder import find_rates
from textclf.training.tuning.tune import tune

ADDRESSES = ["10.0.0.1:2222", "10.0.0.2:2222"]


def asked(cluster: object, task: object) -> str:
    return json.dumps({"cluster": cluster, "task": task})


def worker(index: int, addresses=ADDRESSES, **others) -> str:
    return asked({"worker": addresses, **others}, {"type": "worker", "index": index})


@pytest.fixture
def tf_config(monkeypatch):
    return lambda text: monkeypatch.setenv("TF_CONFIG", text)


@pytest.mark.parametrize("alone", ["", " ", "{}", '{"task": {"type": "worker", "index": 0}}', worker(0, ADDRESSES[:1])])
def test_without_a_second_process_there_is_no_cluster(tf_config, alone):
    tf_config(alone)
    assert cluster() is None
    assert not is_worker()
    check_devices("auto")


def test_the_first_process_is_the_chief_or_else_worker_0(tf_config):
    tf_config(worker(0))
    assert cluster() == (tuple(ADDRESSES), 0)
    assert not is_worker()
    tf_config(worker(0, chief=["10.0.0.3:2222"]))
    assert cluster() == (("10.0.0.3:2222", *ADDRESSES), 1)
    assert is_worker()


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("{", ["TF_CONFIG: expected JSON such as"]),
        ("[]", ["TF_CONFIG: expected JSON such as"]),
        (asked([], {}), ["TF_CONFIG: cluster: expected lists of addresses by the type of the task, got []"]),
        (worker(2), ["TF_CONFIG: task.index: expected a number below 2, the number of addresses of worker, got 2"]),
        (worker(-1), ["TF_CONFIG: task.index: expected a number below 2"]),
        (
            asked(
                {"worker": ["here", ADDRESSES[0]], "ps": ["a:1"], "chief": ["a:1", "a:1"]}, {"type": "ps", "index": 0}
            ),
            [
                "TF_CONFIG: cluster.worker: expected a list of host:port, got",
                "TF_CONFIG: cluster.ps: expected the types chief and worker only",
                "TF_CONFIG: cluster.chief: expected one address, got 2",
                "TF_CONFIG: cluster: expected every address once, but a:1 is there more than once",
                'TF_CONFIG: task: expected such as {"type": "worker", "index": 0}, for this process',
                "training.devices: expected at most 1, the number of devices CPU, got 3",
            ],
        ),
    ],
)
def test_all_problems_are_in_one_message(tf_config, text, problems):
    tf_config(text)
    with pytest.raises(ConfigError) as caught:
        check_devices(3 if len(problems) > 1 else "auto")
    assert str(caught.value).count("expected") == len(problems)
    for problem in problems:
        assert problem in str(caught.value)
    if len(problems) == 1:
        with pytest.raises(ConfigError):
            cluster()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | st.sampled_from(["worker", "chief", "a:1", "b:2", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["cluster", "task", "worker", "chief", "type", "index"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON.map(json.dumps) | st.text(max_size=20))
def test_whatever_tf_config_says_is_understood_or_has_problems(text):
    content, problems = _read(text)
    if content.get("cluster") and not problems:
        assert content["task"]["index"] < len(content["cluster"][content["task"]["type"]])


def test_check_reports_them(workplace, tiny_config, tf_config):
    tf_config(worker(2))
    (workplace / "c.json").write_text(json.dumps(tiny_config(training={"devices": 2})))
    found = [finding for finding in check_config("c.json").findings if finding.severity == "error"]
    assert [finding.subject for finding in found] == ["training.devices"]
    assert "task.index: expected a number below 2" in found[0].found
    assert "training.devices: expected at most 1, the number of devices CPU, got 2" in found[0].found


@pytest.mark.parametrize("wrong", [0, -1, 1.0, True, "two", None, [1]])
def test_a_config_knows_auto_all_and_a_number(wrong):
    for right in ("auto", "all", 1, 4):
        assert load_config({"data": TOY_EN, "training": {"devices": right}}).training.devices == right
    with pytest.raises(ConfigError, match=r"training\.devices  expected auto, all, or a number of devices >= 1, got"):
        load_config({"data": TOY_EN, "training": {"devices": wrong}})


def test_only_the_first_process_has_a_run_and_only_a_training_has_several(workplace, tiny_config, tf_config):
    tf_config(worker(1))
    for work, argument in ((textclf.train, tiny_config()), (textclf.resume, "r")):
        with pytest.raises(RunError, match="only the first process has a run"):
            work(argument)
    for work in (tune, find_rates, lambda config: cross_validate(config, folds=2)):
        with pytest.raises(ConfigError, match=r"but .* is the work of one\. Unset it"):
            work(tiny_config())
    assert not (workplace / "runs").exists()


def test_without_a_number_checking_imports_no_tensorflow():
    code = (
        "import sys; from textclf.training.check import check_config; "
        "check_config(sys.argv[1]); sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, "configs/toy_en.yaml"], cwd=ROOT, check=False).returncode == 0
