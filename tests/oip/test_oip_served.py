"""One model on three servers: the scores are ONNX Runtime's, the reports the same to the byte."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from fair_audit_runs import audit, failure
from oip_models import description, expected
from oip_servers import Addresses

from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe

pytest_plugins = ["oip_fixtures"]
pytestmark = pytest.mark.oip
SERVERS = ("triton", "mlserver", "kserve")


def audited(
    servers: dict[str, Addresses], server: str, way: str, name: str, people: Path, out: Path,
    *more: object,
) -> Path:  # fmt: skip
    spec = out.parent / f"{name}.yaml"
    spec.write_text(description(name))
    data = ("--data", people, "--attributes", "sex", "--replicates", 100)
    endpoint = getattr(servers[server], way)
    assert audit(endpoint, "--model", name, "--spec", spec, *data, "--out", out, *more) == 0
    return out


def scores(out: Path) -> list[float]:
    return list(pq.read_table(out / "records" / "outcomes.parquet")["score"].to_pylist())


def groups(out: Path) -> bytes:
    return (out / "report" / "groups.csv").read_bytes()


@pytest.mark.parametrize(
    ("name", "ways"),
    [
        ("small", [(server, way) for server in SERVERS for way in ("grpc", "rest")]),
        # As JSON, MLServer and KServe read two pictures of this size a second.
        ("large", [*((server, "grpc") for server in SERVERS), ("triton", "rest")]),
    ],
)
def test_every_server_gives_the_same_report(
    name: str, ways: list[tuple[str, str]], servers: dict[str, Addresses], people: Path,
    tmp_path: Path,
) -> None:  # fmt: skip
    runs = [
        audited(servers, server, way, name, people, tmp_path / f"{server}_{way}")
        for server, way in ways
    ]
    wanted = expected(name, people)
    assert wanted.std() > 0.05
    for run in runs:
        np.testing.assert_allclose(scores(run), wanted, atol=1e-4, err_msg=run.name)
    different = [run.name for run in runs if groups(run) != groups(runs[0])]
    assert different == []


@pytest.mark.parametrize(("server", "part"), [("mlserver", 4), ("kserve", 8)])
def test_batches_beyond_the_limit_of_a_server_go_in_parts(
    server: str, part: int, servers: dict[str, Addresses], people: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    audited(servers, server, "grpc", "large", people, tmp_path / "run")
    lines = [line for line in capsys.readouterr().out.splitlines() if "in parts of" in line]
    assert lines == [
        "note: whole batches are more than the server takes; they are sent in parts of "
        f"{part} images"
    ]


def test_what_a_server_says_of_itself_stands_in_the_report(
    servers: dict[str, Addresses], people: Path, tmp_path: Path
) -> None:
    found = {}
    for server in servers:
        out = audited(servers, server, "grpc", "small", people, tmp_path / server)
        about = json.loads((out / "report" / "report.json").read_text())["provenance"]
        found[server] = [about["server"]["name"], about["server"]["device"],
                         about["model"]["version"]]  # fmt: skip
    unstated = "not stated by the server"
    assert found["triton"][1:] == ["CPU", "1"]
    assert found["mlserver"] == ["mlserver 1.7.1", unstated, None]
    assert found["kserve"] == ["kserve 0.21.0", unstated, None]


def test_a_version_may_be_a_word(
    servers: dict[str, Addresses], people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--version", "v1.0-rc")
    out = audited(servers, "mlserver", "grpc", "small", people, tmp_path / "run", *asked)
    about = json.loads((out / "report" / "report.json").read_text())["provenance"]
    assert about["model"]["version"] == "v1.0-rc"
    line = failure(
        capsys, 3, servers["mlserver"].grpc, "--model", "small", "--version", "v2",
        "--spec", tmp_path / "small.yaml", "--data", people,
    )  # fmt: skip
    assert "model 'small' version v2 is not ready" in line


def test_without_a_model_s_name_a_line_says_what_is_missing(
    servers: dict[str, Addresses], capsys: pytest.CaptureFixture[str]
) -> None:
    assert "does not list its models; name one with --model" in failure(
        capsys, 3, servers["kserve"].grpc
    )
    assert "(ready: large, small)" in failure(capsys, 3, servers["mlserver"].grpc)


def test_a_model_that_describes_itself_is_audited_over_rest_as_over_grpc(
    triton_server: Addresses, tmp_path: Path
) -> None:
    write_fairvlmed(tmp_path / "data", Recipe(train=2, val=2, test=40, seed=3))
    runs: list[Path] = []
    for way in (triton_server.grpc, triton_server.rest):
        runs.append(tmp_path / f"run{len(runs)}")
        flags = ("--data", tmp_path / "data", "--replicates", 100, "--out", runs[-1])
        assert audit(way, *flags) == 0
        about = json.loads((runs[-1] / "report" / "report.json").read_text())["provenance"]
        assert about["model"]["identity"] == "verified"
        assert about["server"]["device"] == "CPU"
    assert scores(runs[0]) == scores(runs[1])
    assert groups(runs[0]) == groups(runs[1])
