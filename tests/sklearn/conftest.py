"""An estimator whose fit takes less than a second, and texts for it."""

import pandas as pd
import pytest

from textclf.sklearn import TextClassifier

FAST = {
    "model": {"architecture": "cnn", "embedding_dim": 8, "filters": 8, "widths": [2]},
    "preprocessing": {"vocabulary_size": 200, "sequence_length": 20},
    "training": {"epochs": 1, "learning_rate": 0.01},
}
LINEAR = {**FAST, "model": {"architecture": "ngrams"}, "training": {"optimizer": "liblinear"}}  # in a third of the time


@pytest.fixture(scope="session")
def reviews(root) -> pd.DataFrame:
    """60 texts with the labels negative and positive."""
    return pd.read_csv(root / "data/toy_en/train.csv").groupby("label").head(30).reset_index(drop=True)


@pytest.fixture(scope="session")
def fitted(reviews):
    """An estimator that is fitted to the reviews. Only read it."""
    return TextClassifier(FAST).fit(reviews["text"], reviews["label"])
