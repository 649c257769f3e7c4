"""Shares of a batch, and the number of processes that must be launched."""

import numpy as np
import pytest
import torch

from fairness.errors import UsageError
from training.processes import Processes, join


@pytest.mark.parametrize(("n", "count"), [(1, 1), (8, 2), (9, 2), (1, 3), (7, 4)])
def test_shares_are_equally_long_and_hold_every_row_in_order(n: int, count: int) -> None:
    shares = [Processes(count, rank).rows(n) for rank in range(count)]
    assert len({len(share) for share in shares}) == 1
    assert np.concatenate(shares)[:n].tolist() == list(range(n))
    assert set(np.concatenate(shares)[n:].tolist()) <= {n - 1}


def test_one_process_keeps_its_rows_as_they_are() -> None:
    rows = torch.rand(3, 2, requires_grad=True)
    assert Processes().gather(rows, 3) is rows
    assert Processes().is_main


@pytest.mark.parametrize(
    ("launched", "wanted", "message"),
    [
        (
            None,
            2,
            "--processes is 2, but 1 was launched: launch it by `python -m torch.distributed",
        ),
        ("2", 1, "--processes is 1, but 2 were launched: start it without a launcher"),
        ("2", 3, "--processes is 3, but 2 were launched"),
    ],
)
def test_another_number_than_launched_is_refused(
    launched: str | None, wanted: int, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    if launched:
        monkeypatch.setenv("WORLD_SIZE", launched)
    with pytest.raises(UsageError) as refused:
        join(wanted)
    assert message in str(refused.value)
