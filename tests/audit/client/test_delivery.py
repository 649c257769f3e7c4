"""A run's time by phase, from numbers that one can work out by hand; without a server."""

from dataclasses import replace

import pytest
from tritonclient.grpc.service_pb2 import ModelStatistics

from audit.client.delivery import Delivery, ServerTimes, times_of

SECONDS = {
    "total": 1.0,
    "queue": 0.2,
    "compute_input": 0.1,
    "compute_infer": 0.6,
    "compute_output": 0.1,
}
SERVER = ServerTimes(requests=10, images=40, executions=5, cached=0, seconds=SECONDS)
DELIVERY = Delivery(
    transport="gRPC", batch=4, window=2, requests=10, images=40, retries=0, restarts=0,
    client={"read": 1.0, "send": 0.5, "wait": 2.0, "score": 0.5}, round_trip=1.5, server=SERVER,
)  # fmt: skip


def test_what_triton_counts_in_nanoseconds_is_told_in_seconds() -> None:
    said = ModelStatistics(name="m", inference_count=40, execution_count=5)
    for number, name in enumerate(("success", "queue", "compute_input"), start=1):
        getattr(said.inference_stats, name).ns = number * 10**9
        getattr(said.inference_stats, name).count = 10
    said.inference_stats.cache_hit.count = 3
    found = times_of(said)
    assert (found.requests, found.images, found.executions, found.cached) == (10, 40, 5, 3)
    assert (found.seconds["total"], found.seconds["queue"]) == (1.0, 2.0)
    assert found.seconds["compute_infer"] == 0.0


def test_a_difference_is_taken_of_every_count() -> None:
    earlier = replace(
        SERVER, requests=4, images=16, executions=1, seconds=dict.fromkeys(SECONDS, 0.1)
    )
    found = SERVER.since(earlier)
    assert found is not None
    assert (found.requests, found.images, found.executions) == (6, 24, 4)
    assert found.seconds["compute_infer"] == pytest.approx(0.5)


def test_a_server_that_counts_anew_has_no_difference() -> None:
    assert SERVER.since(replace(SERVER, requests=11)) is None


def test_network_is_what_the_server_does_not_account_for() -> None:
    assert DELIVERY.of_a_request() == {
        "round_trip": 150.0,
        "network": 50.0,
        "queue": 20.0,
        "compute_input": 10.0,
        "compute_infer": 60.0,
        "compute_output": 10.0,
    }


def test_the_traffic_of_others_is_not_ours() -> None:
    busy = replace(SERVER, requests=40, images=160, seconds={k: 4 * v for k, v in SECONDS.items()})
    assert replace(DELIVERY, server=busy).of_a_request() == DELIVERY.of_a_request()


def test_requests_are_compared_where_the_model_takes_no_batches() -> None:
    alone = replace(SERVER, images=10)
    assert replace(DELIVERY, server=alone).of_a_request() == DELIVERY.of_a_request()


def test_without_statistics_only_the_round_trip_is_known() -> None:
    found = replace(DELIVERY, server=None)
    assert found.of_a_request() == {"round_trip": 150.0}
    assert found.told()["server_executions"] is None
