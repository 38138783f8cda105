"""Prometheus metrics. Their names and meanings are an interface: alarms depend on them."""

from collections.abc import Iterable
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric

from textclf.inference.predict import UNSURE, Prediction

if TYPE_CHECKING:
    from textclf.inference.server.classifiers import Served

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
TEXTS = (1, 2, 4, 8, 16, 32, 64)
MOST_LABELS = 100  # of a classifier; its other labels are counted together
OTHER_LABELS = "other labels"
NO_LABEL = "no label"  # of a multi-label classifier
MERGED_BY = {"textclf_model_info": max, "process_start_time_seconds": min, "process_max_fds": min}  # others are added


class Metrics:
    """The metrics of one process."""

    def __init__(self) -> None:
        self._registry = of = CollectorRegistry()
        ProcessCollector(registry=of)
        self._requests = Counter("textclf_requests", "Requests by route and code.", ["route", "code"], registry=of)
        self._seconds = Histogram(
            "textclf_request_seconds", "Seconds of a request.", ["route"], registry=of, buckets=SECONDS
        )
        self.queue_seconds = Histogram(
            "textclf_queue_seconds", "Seconds that texts waited.", registry=of, buckets=SECONDS
        )
        self.batch_texts = Histogram("textclf_batch_texts", "Texts predicted together.", registry=of, buckets=TEXTS)
        self.waiting_texts = Gauge("textclf_waiting_texts", "Texts that wait for a prediction.", registry=of)
        self._answers = Counter("textclf_answers", "Predictions by label.", ["model", "label"], registry=of)
        self._info = Gauge("textclf_model_info", "1: in service.", ["model", "run", "version"], registry=of)
        self._reloads = Counter("textclf_reloads", "Reloads: loaded or failed.", ["model", "result"], registry=of)
        self._request = lru_cache(10_000)(self._requests.labels)
        self._duration = lru_cache(1_000)(self._seconds.labels)
        self._answer = lru_cache(100_000)(self._answers.labels)

    def count_request(self, route: str, code: int, seconds: float) -> None:
        """Count a request. `route` is the path of an endpoint, not of the request, so there are few."""
        self._request(route, code).inc()
        self._duration(route).observe(seconds)

    def count_answers(self, served: "Served", predictions: list[Prediction]) -> None:
        """Count predictions by label."""
        empty = (NO_LABEL,) if served.classifier.targets.multilabel else (UNSURE,)
        for prediction in predictions:
            for label in prediction.labels or empty:
                counted = label if label in served.counted_labels or label in empty else OTHER_LABELS
                self._answer(served.name, counted).inc()

    def count_reload(self, model: str, result: str) -> None:
        """Count a reload."""
        self._reloads.labels(model, result).inc()

    def show_models(self, served: "list[Served]") -> None:
        """Replace the classifiers that are in service."""
        self._info.clear()
        for one in served:
            self._info.labels(one.name, one.run, one.version).set(1)

    def text(self) -> bytes:
        """Return all metrics in Prometheus's text format."""
        return generate_latest(self._registry)

    def samples(self) -> list[list]:
        """Return all metrics as plain JSON, for `merged_text`."""
        return [
            [
                one.name,
                one.documentation,
                one.type,
                [[sample.name, sample.labels, sample.value] for sample in one.samples],
            ]
            for one in self._registry.collect()
        ]


def merged_text(of_workers: Iterable[list[list]]) -> bytes:
    """Return the metrics of several workers as those of one process: most are added up."""
    metrics: dict[str, Metric] = {}
    values: dict[str, dict[tuple, list[float]]] = {}
    for name, documentation, kind, samples in (metric for worker in of_workers for metric in worker):
        metrics.setdefault(name, Metric(name, documentation, kind))
        of_metric = values.setdefault(name, {})
        for sample, labels, value in samples:
            of_metric.setdefault((sample, *labels.items()), []).append(value)
    for name, merged in metrics.items():
        for (sample, *labels), measured in values[name].items():
            merge: Any = min if sample.endswith("_created") else MERGED_BY.get(sample, sum)
            merged.add_sample(sample, dict(labels), merge(measured))
    return generate_latest(SimpleNamespace(collect=metrics.values))
