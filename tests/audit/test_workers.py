"""Workers of `--engine ray` without Ray: what is refused, shared out, and told."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fair_audit_runs import failure

from audit.client.failures import GoneError, WrongModelError
from audit.options import AnalysisOptions, Options
from audit.ray_cluster import cluster, error_said, from_process
from audit.workers import error_of, shared_out
from fairness.errors import DataError, FairAuditError, ServerError, UsageError


def count(given: int, folder: Path) -> Iterator[dict[str, Any]]:
    """A generator for another process: numbers, then what its `given` asks for."""
    yield {"folder": str(folder)}
    if given == 1:
        raise GoneError("it is away\nfor now")
    if given == 2:
        os._exit(1)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ((), "--engine ray: say how many workers, 1 or more, with --workers"),
        (("--workers", 0), "say how many workers, 1 or more"),
        (("--workers", 2, "--keep-masks"), "workers of Ray give back numbers only"),
        (("--workers", 2, "--ray-address", "ray://head:10001"), "give HOST:PORT of a cluster's"),
        (("--workers", 2, "--ray-address", "head"), "give HOST:PORT of a cluster's head, or auto"),
        (
            ("--workers", 2, "--ray-address", "head:6379", "--header", "authorization: Bearer x"),
            "goes to the workers through Ray, unencrypted; set RAY_USE_TLS=1",
        ),
    ],
)
def test_flags_that_workers_cannot_follow_are_refused(
    capsys: pytest.CaptureFixture[str], flags: tuple[object, ...], message: str
) -> None:
    assert message in failure(capsys, 2, "localhost:1", "--engine", "ray", *flags)


def test_without_ray_it_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.ray_cluster.find_spec", lambda name: None)
    line = failure(capsys, 2, "localhost:1", "--engine", "ray", "--workers", 2)
    assert line.endswith("--engine ray needs Ray; install the extra: fair-audit-triton[ray]")
    with pytest.raises(UsageError, match="--workers is of --engine ray"):
        Options(AnalysisOptions(), workers=2)


def test_an_address_where_nothing_listens_is_not_waited_for(tmp_path: Path) -> None:
    with (
        pytest.raises(ServerError, match="--ray-address 127.0.0.1:1: Connection refused; start"),
        cluster("127.0.0.1:1", 2, tmp_path),
    ):
        pass


@pytest.mark.parametrize(("n", "workers"), [(1, 2), (23, 2), (1000, 4), (7, 100)])
def test_batches_are_shared_out_each_once_in_small_shares(n: int, workers: int) -> None:
    shares = [[int(k) for k in share.split(",")] for share in shared_out(range(n), workers)]
    assert [k for share in shares for k in share] == list(range(n))
    assert max(map(len, shares)) <= 8
    assert len(shares) >= min(n, 4 * workers)


@pytest.mark.parametrize("error", [GoneError("a\nb"), WrongModelError("x"), UsageError("y")])
def test_an_error_comes_from_another_process_as_what_it_was(error: FairAuditError) -> None:
    found = error_of(json.loads(json.dumps(error_said(error))))
    assert type(found) is type(error)
    assert str(found) == str(error)
    assert type(error_of({"kinds": ["os", "Exception"], "error": "odd"})) is DataError


@pytest.mark.further
def test_a_process_of_its_own_gives_items_errors_and_its_end() -> None:
    (one,) = from_process(count, 0)
    assert not Path(one["folder"]).exists()
    one, two = from_process(count, 1)
    assert (two["kinds"][0], two["error"]) == ("GoneError", "it is away for now")
    with pytest.raises(ServerError, match="Ray ended before its work was done"):
        list(from_process(count, 2))
