"""What several workers say becomes one answer."""

from textclf.inference.server.metrics import Metrics, merged_text
from textclf.inference.server.service_endpoints import merged_results


def test_metrics_are_added_up_but_not_those_that_say_what_is_there():
    workers = [Metrics(), Metrics()]
    for count, metrics in enumerate(workers, 1):
        for _ in range(count):
            metrics.count_request("/predict", 200, 0.002)
        metrics.batch_texts.observe(count)
        metrics._info.labels("m", "run", "v").set(1)
    workers[1].count_request("/ping", 404, 0.1)
    lines = merged_text(metrics.samples() for metrics in workers).decode().splitlines()
    assert 'textclf_requests_total{code="200",route="/predict"} 3.0' in lines
    assert 'textclf_requests_total{code="404",route="/ping"} 1.0' in lines
    assert 'textclf_request_seconds_bucket{le="0.0025",route="/predict"} 3.0' in lines
    assert "textclf_batch_texts_sum 3.0" in lines
    assert 'textclf_model_info{model="m",run="run",version="v"} 1.0' in lines
    assert "# TYPE textclf_request_seconds histogram" in lines


def test_the_metrics_of_one_worker_are_those_of_one_process():
    metrics = Metrics()
    metrics.count_request("/predict", 200, 0.002)
    measured = [line for line in merged_text([metrics.samples()]).decode().splitlines() if "textclf" in line]
    assert sorted(measured) == sorted(line for line in metrics.text().decode().splitlines() if "textclf" in line)


def test_a_reload_has_failed_if_it_failed_in_one_worker():
    loaded, failed = {"result": "loaded", "run": "r", "version": "v"}, {"result": "failed", "reason": "damaged"}
    merged = merged_results([{"a": loaded, "b": loaded}, {"a": failed, "b": loaded}, {"a": loaded, "b": loaded}])
    assert merged == {"a": failed, "b": loaded}
