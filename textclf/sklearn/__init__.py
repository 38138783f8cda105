"""A classifier of texts that behaves like every estimator of scikit-learn.

    from textclf.sklearn import TextClassifier

    TextClassifier().fit(texts, labels).predict(["a wonderful film"])

docs/scikit-learn.md has the parameters and examples.
"""

from textclf.sklearn.classifier import TextClassifier

__all__ = ["TextClassifier"]
