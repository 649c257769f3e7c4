"""Stability, the recommended point, and the columns of the csv, worked out by hand."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace

import pytest

from audit.bench.files import csv_text
from audit.bench.flags import sizes_in
from audit.bench.load import Load, Window
from audit.bench.point import Point, measured, recommended
from audit.bench.rules import Rules
from audit.client.transport import Request
from audit.page.bench import bench_page

SERVER = {"queue": 100.0, "compute_input": 10.0, "compute_infer": 500.0, "compute_output": 20.0}
POINT = Point(
    batch=8, in_flight=2, rate=1000.0, windows=3, stable=True, requests=375, latency=1000.0,
    percentiles={50: 900.0, 90: 1500.0, 95: 1700.0, 99: 2000.0}, send=120.0, receive=30.0,
    server=SERVER, executions=375, cached=0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("numbers", "stable"),
    [
        ([100.0, 105.0, 110.0], True),
        ([100.0, 105.0, 110.2], False),
        ([5.0, 100.0, 100.0, 100.0], True),
        ([100.0, 100.0], False),
        ([0.0, 0.0, 0.0], False),
    ],
)
def test_the_last_three_windows_must_lie_within_ten_percent(
    numbers: list[float], stable: bool
) -> None:
    assert Rules().agree(numbers) is stable


class Replayed(Load):
    """Windows of given rates and latencies, in place of a server."""

    def __init__(self, windows: Sequence[tuple[float, float]]) -> None:
        self.windows = iter(windows)
        self.requests = [Request("m", "1", {}, "y", 1.0)]
        self.in_flight, self.under_way = 1, []

    def start(self, rules: Rules) -> None:
        """Nothing to warm up."""

    def window(self, rules: Rules) -> Window:
        rate, latency = next(self.windows)
        return Window(1.0, (latency,) * int(rate), 0.0, 0.0, int(rate), None)


def test_a_point_is_made_of_the_three_windows_that_agree() -> None:
    rates = [(10.0, 0.1), (90.0, 0.01), (100.0, 0.01), (100.0, 0.01), (103.0, 0.01)]
    point = measured(Replayed([*rates, (9, 9.0)]), Rules(), lambda number, window: None)
    assert (point.windows, point.stable, point.requests) == (5, True, 303)
    assert point.rate == pytest.approx(101.0)


def test_throughput_alone_does_not_make_it_stable() -> None:
    slower = [(100, 0.01 * 1.2**k) for k in range(10)]
    point = measured(Replayed(slower), Rules(), lambda number, window: None)
    assert (point.windows, point.stable) == (10, False)


def test_the_smallest_window_near_the_fastest_is_recommended() -> None:
    rates = {(8, 1): 700.0, (8, 2): 981.0, (4, 2): 979.0, (8, 4): 1000.0, (4, 4): 990.0}
    points = [replace(POINT, batch=b, in_flight=w, rate=r) for (b, w), r in rates.items()]
    best = recommended(points)
    assert (best.batch, best.in_flight) == (8, 2)


def test_the_csv_has_the_columns_of_perf_analyzer() -> None:
    (row,) = csv.DictReader(io.StringIO(csv_text([POINT])))
    assert list(row)[:13] == [
        "Concurrency", "Inferences/Second", "Client Send", "Network+Server Send/Recv",
        "Server Queue", "Server Compute Input", "Server Compute Infer", "Server Compute Output",
        "Client Recv", "p50 latency", "p90 latency", "p95 latency", "p99 latency",
    ]  # fmt: skip
    assert row["Network+Server Send/Recv"] == "220"  # 1000 - 120 - 30 - 630
    assert (row["Avg latency"], row["Batch"], row["Stable"]) == ("1000", "8", "yes")


def test_what_is_not_measured_is_left_out_of_the_csv() -> None:
    text = csv_text([replace(POINT, server=None)])
    assert "Server" not in text
    assert text.startswith("Concurrency,Inferences/Second,Client Send,Client Recv,p50 latency")


def test_the_page_draws_a_curve_a_batch_and_escapes_what_it_shows() -> None:
    about = {
        "model": "<script>", "what_answered": "x", "finished": "today",
        "server": {"endpoint": "y"},
    }  # fmt: skip
    points = [replace(POINT, batch=b, in_flight=w) for b in (4, 8) for w in (1, 2)]
    page = bench_page(points, points[0], about, ["<b>"])
    assert page.count("<polyline") == 4
    assert "<script>" not in page
    assert "<b>" not in page
    assert "--batch 4 --in-flight 1" in page


@pytest.mark.parametrize("text", ["", "0", "1,,2", "-1", "1.5", "a", "99999999", "²"])
def test_odd_numbers_are_refused(text: str) -> None:
    assert sizes_in("1,2,8") == (1, 2, 8)
    with pytest.raises(ValueError, match="whole numbers"):
        sizes_in(text)
