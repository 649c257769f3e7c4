"""The lines that say how answers came about."""

from typing import Any

import pytest
from pydantic import ValidationError

from audit.report.about import _Delivery
from audit.report.delivered import delivery_lines

SAID: dict[str, Any] = {
    "transport": "gRPC",
    "batch": 4,
    "window": 2,
    "requests": 10,
    "retries": 1,
    "restarts": 0,
    "client_seconds": {"read": 1.0, "send": 0.5, "wait": 2.0, "score": 0.5},
    "milliseconds_a_request": {
        "round_trip": 150.0, "network": 50.0, "queue": 20.0, "compute_input": 10.0,
        "compute_infer": 60.0, "compute_output": 10.0,
    },
    "answered_from_cache": 0,
}  # fmt: skip


def test_two_lines_say_the_way_and_where_the_time_went() -> None:
    assert delivery_lines({"delivery": SAID}) == [
        "sent by gRPC: 10 requests of up to 4 images, up to 2 at once, 1 sent again, 0 restarts of "
        "the server",
        "time: 25% reading, 12% sending, 50% waiting, 12% scoring; a request 150.00 ms (network "
        "50.00, queue 20.00, input 10.00, model 60.00, output 10.00)",
    ]


def test_a_server_without_statistics_states_nothing() -> None:
    (_, line) = delivery_lines({"delivery": SAID | {"milliseconds_a_request": {"round_trip": 2.0}}})
    assert line.endswith("a request 2.00 ms (where inside the server is not stated by it)")


def test_answers_from_a_cache_are_a_warning() -> None:
    lines = delivery_lines({"delivery": SAID | {"answered_from_cache": 7}})
    assert lines[-1].startswith("WARNING: 7 answers came from the server's cache")


@pytest.mark.parametrize("about", [{}, {"delivery": None}])
def test_nothing_is_said_where_nobody_was_asked_or_too_few(about: dict[str, None]) -> None:
    assert delivery_lines(about) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [("batch", "many"), ("client_seconds", {"read": "long"}), ("milliseconds_a_request", {})],
)
def test_a_report_with_an_odd_delivery_is_refused(key: str, value: object) -> None:
    assert _Delivery.model_validate(SAID).batch == 4
    with pytest.raises(ValidationError):
        _Delivery.model_validate(SAID | {key: value})


def test_servers_that_differ_are_told_apart() -> None:
    same = {"absences": 0, "restarts": 0, "server": "triton 2.51.0", "backend": "onnxruntime"}
    gpu = {"endpoint": "a:1", "images": 60, "device": "GPU", **same}
    cpu = {"endpoint": "b:1", "images": 30, "device": "CPU", **same}
    (line, *_) = delivery_lines({"delivery": SAID, "replicas": [gpu, cpu]})
    assert line == "answered by 2 servers: a:1 60 images (GPU), b:1 30 images (CPU)"
    back = gpu | {"absences": 2, "restarts": 1}
    (line, *_) = delivery_lines({"delivery": SAID, "replicas": [back, gpu]})
    assert "a:1 60 images (away 2 times, restarted once), a:1 60 images" in line
