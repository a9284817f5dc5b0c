"""One trace from the client's request to the webhook, over processes, and nothing of the request in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from cavendish.telemetry.tracing import is_wanted
from tests.services import Running, clean_environment
from tests.telemetry.collector import Collector, collecting

pytestmark = pytest.mark.slow
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
STEPS = {"POST api/v1/generations", "accept", "hold", "claim", "job", "upstream", "storage", "settlement", "webhook"}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture
def traced(collector: Collector) -> Iterator[Running]:
    running = Running(
        {
            "WORKERS": "1",
            "EGRESS_ALLOW": "127.0.0.0/8",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "LOG_FORMAT": "json",
        }
    )
    yield running
    running.remove()


def test_one_trace_goes_from_the_request_to_the_webhook(traced: Running, collector: Collector) -> None:
    tenant = traced.ready["tenants"][0]
    headers = {
        "Authorization": f"Bearer {tenant['api_key']}",
        "X-Request-Id": "traced-1",
        "traceparent": f"00-{TRACE}-{PARENT}-01",
        "Prefer": "wait=60",
    }
    body = {
        "model": "gemini-3.1-flash-lite-image",
        "input": "a canary prompt",
        "webhook": {"url": f"{collector.url}/hook", "events": ["generation.succeeded"]},
    }
    answer = httpx.post(f"{traced.url}/api/v1/generations", json=body, headers=headers, timeout=90)
    assert answer.json()["status"] == "succeeded"
    collector.until(lambda: set(collector.of(TRACE)) >= STEPS)
    spans = collector.of(TRACE)
    request, accept, job = spans["POST api/v1/generations"], spans["accept"], spans["job"]
    assert request.parent_id == PARENT
    assert accept.parent_id == request.span_id
    assert {spans[name].parent_id for name in ("hold", "claim", "job", "webhook")} == {accept.span_id}
    assert {spans[name].parent_id for name in ("upstream", "storage", "settlement")} == {job.span_id}
    kinds = {name: span.instance.partition("-")[0] for name, span in spans.items()}
    assert {name for name, kind in kinds.items() if kind == "web"} == {"POST api/v1/generations", "accept", "hold"}
    assert kinds["claim"] == kinds["settlement"] == "worker"
    assert kinds["webhook"] == "scheduler"
    # The receiver can go on with it.
    assert [hook["traceparent"] for hook in collector.hooks] == [f"00-{TRACE}-{spans['webhook'].span_id}-01"]
    assert request.values["http.response.status_code"] == "200"
    assert request.values["cavendish.request_id"] == "traced-1"
    assert job.values["cavendish.generation_id"] == answer.json()["id"]
    said = b"".join(collector.bodies)
    for secret in ("canary", tenant["api_key"], tenant["slug"]):
        assert secret.encode() not in said
    # The row knows it, and so does each line of the worker.
    assert TRACE in traced.manage("job", answer.json()["id"])
    log = (traced.data_dir / "logs" / "worker-1.log").read_text()
    [line] = [line for line in log.splitlines() if f"Generation {answer.json()['id']} ended." in line]
    assert f'"trace_id": "{TRACE}"' in line
    assert '"request_id": "traced-1"' in line
    # A request without one begins a trace of its own.
    httpx.get(f"{traced.url}/api/v1/models", headers={"Authorization": headers["Authorization"]})
    collector.until(lambda: any(span.name == "GET api/v1/models" and not span.parent_id for span in collector.spans))


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_the_standard_environment_switches_it(environment: dict[str, str], wanted: bool) -> None:
    assert is_wanted(environment) is wanted


def test_without_it_nothing_is_imported_and_a_span_costs_nothing() -> None:
    code = """
import sys, timeit
from cavendish.telemetry import tracing
tracing.tracing_start("web")
with tracing.span("x") as span:
    assert span is None and tracing.traceparent() == ""
def once():
    with tracing.span("x"):
        pass
assert not [name for name in sys.modules if name.startswith("opentelemetry")]
print(min(timeit.repeat(once, number=10_000, repeat=5)) / 10_000)
"""
    path = os.pathsep.join(["platform", "."])
    environment = {**clean_environment(), "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True)
    assert float(done.stdout) < 5e-6
