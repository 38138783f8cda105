"""Prometheus metrics. Their names and meanings are an interface: alarms depend on them."""

from bisect import bisect_left
from collections import Counter as Counts
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from math import inf
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.utils import floatToGoString

from textclf.inference.predict import UNSURE, Prediction

if TYPE_CHECKING:
    from textclf.inference.server.classifiers import Served

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
TEXTS = (1, 2, 4, 8, 16, 32, 64)
MOST_LABELS = 100  # of a classifier; its other labels are counted together
OTHER_LABELS = "other labels"
NO_LABEL = "no label"  # of a multi-label classifier
MERGED_BY = {"textclf_model_info": max, "process_start_time_seconds": min, "process_max_fds": min}  # others are added
GROWING = ("counter", "histogram")  # types of metrics


class Histogram:
    """A histogram that only the event loop changes. Without a lock it takes a fifth of the time of the client's."""

    def __init__(self, bounds: tuple[float, ...]):
        self._bounds, self._counts, self._sum = bounds, [0] * (len(bounds) + 1), 0.0

    def observe(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def add_to(self, family: HistogramMetricFamily, labels: Sequence[str] = ()) -> HistogramMetricFamily:
        """Add the counts, and return the family."""
        bounds = map(floatToGoString, (*self._bounds, inf))
        family.add_metric(labels, list(zip(bounds, accumulate(self._counts), strict=True)), self._sum)
        return family


class Metrics:
    """The metrics of one process."""

    def __init__(self) -> None:
        self._registry = of = CollectorRegistry()
        ProcessCollector(registry=of)
        self._requests: Counts[tuple[str, int]] = Counts()
        self._answers: Counts[tuple[str, str]] = Counts()
        self._seconds: defaultdict[str, Histogram] = defaultdict(lambda: Histogram(SECONDS))
        self.queue_seconds, self.batch_texts = Histogram(SECONDS), Histogram(TEXTS)
        self.waiting_texts = Gauge("textclf_waiting_texts", "Texts that wait for a prediction.", registry=of)
        self._info = Gauge("textclf_model_info", "1: in service.", ["model", "run", "version"], registry=of)
        self._reloads = Counter("textclf_reloads", "Reloads: loaded or failed.", ["model", "result"], registry=of)
        of.register(self)

    def collect(self) -> Iterator[Metric]:
        """Yield what the event loop counts, for the registry."""
        requests = CounterMetricFamily("textclf_requests", "Requests by route and code.", labels=["route", "code"])
        answers = CounterMetricFamily("textclf_answers", "Predictions by label.", labels=["model", "label"])
        for (route, code), count in self._requests.items():
            requests.add_metric([route, str(code)], count)
        for labels, count in self._answers.items():
            answers.add_metric(labels, count)
        yield from (requests, answers)
        seconds = HistogramMetricFamily("textclf_request_seconds", "Seconds of a request.", labels=["route"])
        for route, histogram in self._seconds.items():
            histogram.add_to(seconds, [route])
        yield seconds
        waited = HistogramMetricFamily("textclf_queue_seconds", "Seconds that texts waited.")
        yield self.queue_seconds.add_to(waited)
        yield self.batch_texts.add_to(HistogramMetricFamily("textclf_batch_texts", "Texts predicted together."))

    def count_request(self, route: str, code: int, seconds: float) -> None:
        """Count a request. `route` is the path of an endpoint, not of the request, so there are few."""
        self._requests[route, code] += 1
        self._seconds[route].observe(seconds)

    def count_answers(self, served: "Served", predictions: list[Prediction]) -> None:
        """Count predictions by label."""
        empty = (NO_LABEL,) if served.classifier.targets.multilabel else (UNSURE,)
        for prediction in predictions:
            for label in prediction.labels or empty:
                counted = label if label in served.counted_labels or label in empty else OTHER_LABELS
                self._answers[served.name, counted] += 1

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


def growing(samples: list[list]) -> list[list]:
    """Return the samples that count since the start of a process: they are true after its end, too."""
    return [metric for metric in samples if metric[2] in GROWING]


def merged_samples(of_workers: Iterable[list[list]]) -> list[list]:
    """Return the samples of several workers as those of one process: most are added up."""
    metrics: dict[str, tuple[str, str, str]] = {}
    values: dict[str, dict[tuple, list[float]]] = {}
    for name, documentation, kind, samples in (metric for worker in of_workers for metric in worker):
        metrics.setdefault(name, (name, documentation, kind))
        of_metric = values.setdefault(name, {})
        for sample, labels, value in samples:
            of_metric.setdefault((sample, *labels.items()), []).append(value)
    return [
        [*metric, [[sample, dict(labels), _merge(sample, found)] for (sample, *labels), found in values[name].items()]]
        for name, metric in metrics.items()
    ]


def _merge(sample: str, values: list[float]) -> float:
    merge: Any = min if sample.endswith("_created") else MERGED_BY.get(sample, sum)
    return merge(values)


def merged_text(of_workers: Iterable[list[list]]) -> bytes:
    """Return the metrics of several workers in Prometheus's text format."""
    metrics = []
    for name, documentation, kind, samples in merged_samples(of_workers):
        metrics.append(Metric(name, documentation, kind))
        for sample in samples:
            metrics[-1].add_sample(*sample)
    return generate_latest(SimpleNamespace(collect=lambda: metrics))
