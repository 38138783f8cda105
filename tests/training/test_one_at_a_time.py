"""Trainings in threads wait for each other, and a process that is a fork of one that has trained says why it cannot."""

from concurrent.futures import ThreadPoolExecutor

import textclf

FORK = """
import multiprocessing, textclf

def train(name):
    try:
        textclf.train(CONFIG, run=name)
    except textclf.TextclfError as error:
        return str(error)

print(train("first"))
with multiprocessing.get_context("fork").Pool(1) as pool:
    print(pool.apply_async(train, ["second"]).get(timeout=60))
"""


def test_trainings_in_threads_give_the_result_and_the_log_of_a_training_alone(workplace, tiny_config):
    names = ["alone", "one", "two"]
    runs = [textclf.train(tiny_config(), run=names[0])]
    with ThreadPoolExecutor() as threads:
        runs += threads.map(lambda name: textclf.train(tiny_config(), run=name), names[1:])
    assert len({(run.classifier / "model.onnx").read_bytes() for run in runs}) == 1
    for name, run in zip(names, runs, strict=True):
        log = run.log.read_text()
        assert [f"run: runs/{other}" in log for other in names] == [other == name for other in names]


def test_a_fork_of_a_process_that_has_trained_says_how_to_start_processes(workplace, tiny_config, textclf_command):
    script = FORK.replace("CONFIG", repr(tiny_config()))
    finished = textclf_command(python=("-c", script))
    assert finished.returncode == 0, finished.stderr.decode()
    first, second = finished.stdout.decode().splitlines()
    assert first == "None"
    assert second.startswith("cannot train in this process: it is a fork")
    assert second.endswith("Start processes with multiprocessing.get_context('spawn').")
    assert not (workplace / "runs/second").exists()
