"""`fair-audit bench` against the real server, and against one that says it has a cache."""

import csv
import io
import json
from pathlib import Path

import pytest
from fake_server import FakeServer, serving

from audit.cli import run

pytest_plugins = ["audit_fixtures"]

QUICK = (
    "--measurement-mode", "count_windows", "--measurement-request-count", "8", "--max-trials", "3",
    "--warmup-request-count", "1",
)  # fmt: skip


def bench(endpoint: str, *arguments: object) -> int:
    return run(["bench", "--endpoint", endpoint, *map(str, arguments)])


def test_a_sweep_needs_no_data(
    endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--model", "sound", "--synthetic-input", "--shape", "32,24", "--out", tmp_path)
    assert bench(endpoint, *flags, "--batch", "1,4", "--in-flight", "1,2", *QUICK) == 0
    shown = capsys.readouterr().out
    assert "recommended: --batch" in shown
    rows = list(csv.DictReader(io.StringIO((tmp_path / "bench.csv").read_text())))
    assert [(row["Batch"], row["Concurrency"]) for row in rows] == [
        ("1", "1"), ("1", "2"), ("4", "1"), ("4", "2"),
    ]  # fmt: skip
    assert all(float(row["Server Compute Infer"]) > 0 for row in rows)
    document = json.loads((tmp_path / "bench.json").read_text())
    assert document["server"]["runtime"] == "model.py"
    assert document["input"] == "random numbers"
    for point in document["points"]:
        parts = [point["send"], point["receive"], *point["server"].values()]
        assert sum(parts) <= 1.2 * point["latency"]
        assert point["requests"] >= 8
    assert "<polyline" in (tmp_path / "bench.html").read_text()


def test_images_of_a_split_are_sent_as_an_audit_sends_them(
    endpoint: str, split_root: Path, tmp_path: Path
) -> None:
    flags = ("--model", "sound", "--data", split_root, "--out", tmp_path, "--in-flight", "2")
    assert bench(endpoint, *flags, *QUICK) == 0
    document = json.loads((tmp_path / "bench.json").read_text())
    assert document["input"] == "images of the split"
    assert document["recommended"] == {"batch": 4, "in_flight": 2}


@pytest.mark.parametrize(("way", "kind"), [("shm", "shared memory"), ("grpc", "gRPC")])
def test_images_go_the_way_that_is_asked_for(
    way: str, kind: str, endpoint: str, tmp_path: Path
) -> None:
    flags = ("--model", "sound", "--synthetic-input", "--shape", "200,300", "--out", tmp_path)
    assert bench(endpoint, *flags, "--in-flight", "2", "--transport", way, *QUICK) == 0
    assert json.loads((tmp_path / "bench.json").read_text())["transport"] == kind


def test_a_model_that_takes_the_group_gets_one(endpoint: str, tmp_path: Path) -> None:
    flags = ("--model", "by_group", "--synthetic-input", "--shape", "8,8", "--out", tmp_path)
    assert bench(endpoint, *flags, "--in-flight", "1", *QUICK) == 0


def test_the_response_cache_is_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = FakeServer(cache=True)
    flags = ("--synthetic-input", "--shape", "4,4", "--in-flight", "1", "--out", tmp_path, *QUICK)
    with serving(model) as endpoint:
        assert bench(endpoint, *flags) == 0
        assert "WARNING: the model's configuration enables the response cache" in (
            capsys.readouterr().out
        )
        assert bench(endpoint, *flags, "--strict") == 4
    assert "response cache" in (tmp_path / "bench.html").read_text()


def test_a_server_without_statistics_leaves_them_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--synthetic-input", "--shape", "4,4", "--in-flight", "1", "--out", tmp_path, *QUICK)
    with serving(FakeServer(lacks=("ModelStatistics",))) as endpoint:
        assert bench(endpoint, *flags) == 0
    assert "WARNING: the server has no statistics" in capsys.readouterr().out
    assert "Server Queue" not in (tmp_path / "bench.csv").read_text()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--synthetic-input",), "--shape: images of model 'm' are ?,?; give it so"),
        (("--synthetic-input", "--shape", "3,4,5"), "images of model 'm' are ?,?"),
        (("--synthetic-input", "--shape", "4,4", "--batch", "5"), "takes 4 images at once"),
        (("--shape", "4,4"), "add --synthetic-input"),
        (("--synthetic-input", "--data", "x"), "sends no --data"),
        (("--in-flight", "2000"), "at most 1024"),
        (("--endpoint", "http://127.0.0.1:9", "--transport", "shm"), "REST has a way of its own"),
        (("--max-trials", "0"), "must be at least 1"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_is_sent(
    flags: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = FakeServer()
    with serving(model) as endpoint:
        assert bench(endpoint, *flags, "--out", tmp_path / "no") == 2
    assert said in capsys.readouterr().err
    assert model.asked == []
    assert not (tmp_path / "no").exists()


def test_nobody_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("127.0.0.1:9", "--synthetic-input", "--shape", "4,4") == 3
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("fair-audit: no server answers at 127.0.0.1:9")
