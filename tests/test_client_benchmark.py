"""The benchmark of clients refuses wrong answers, and judges its claims by their limits."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.client_claims import Claim, claims
from benchmarks.client_data import OCT, SMALL, Kind, write_splits
from benchmarks.client_runs import ROOT, Measured, table
from benchmarks.clients.task import Task, check, load
from fairness.datasets.catalogue import open_split


@pytest.mark.parametrize(("kind", "n"), [(SMALL, 6), (OCT, 2)], ids=["224", "oct"])
def test_readers_and_clients_see_the_same_images(kind: Kind, n: int, tmp_path: Path) -> None:
    folders = write_splits(tmp_path, kind, {"few": 1, "many": n}, compressed=kind is SMALL)
    task = Task("", "", list(kind.shape), 2, n, str(folders["many"]), kind.key)
    split = open_split(kind.dataset, folders["many"], "test")
    assert len(split) == n
    firsts = []
    for index, file in enumerate(task.files()):
        image = split.read(index).image
        np.testing.assert_array_equal(image, load(file, kind.key))
        assert image.shape == kind.shape
        firsts.append(image.reshape(-1)[0] / 255)
    check(task, np.array(firsts))
    assert sum(len(images) for images in task.batches()) == n


def test_answers_in_another_order_or_too_few_are_refused() -> None:
    task = Task("", "", [2, 2], 2, 4)
    good = np.arange(4) / 255
    check(task, good)
    with pytest.raises(ValueError, match="2 answers are of other images"):
        check(task, good[[0, 2, 1, 3]])
    with pytest.raises(ValueError, match="4 images"):
        check(task, good[:3])


def test_images_in_memory_differ_in_their_first_pixel() -> None:
    (first, *_) = batches = list(Task("", "", [3, 4], 4, 8).batches())
    assert [images.shape for images in batches] == [(4, 3, 4)] * 2
    assert first[:, 0, 0].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("value", "at_most", "verdict"),
    [
        (5.0, False, "holds"),
        (4.9, False, "FAILS"),
        (4.9, True, "holds"),
        (math.nan, True, "not run"),
    ],
)
def test_a_claim_is_judged_by_its_limit(value: float, at_most: bool, verdict: str) -> None:
    assert Claim("x", value, 5.0, at_most).verdict == verdict


def test_claims_are_ratios_of_medians() -> None:
    found = {
        "664x512, stored npz": {
            "fair-audit, shared memory": Measured([9.0, 60.0, 66.0]),
            "np.load and 4 async": Measured([11.0, 10.0, 10.0]),
        },
        "224x224 in memory": {"this project, bytes": Measured([100.0, 104.0, 110.0])},
    }
    first, *others = claims(found)
    assert first.value == 6.0
    spread = next(one for one in others if one.text.startswith("224x224, bytes: spread"))
    assert spread.value == pytest.approx(10 / 104)
    assert sum(one.verdict == "not run" for one in others) == len(others) - 1


def test_a_client_that_failed_is_said_to_have_failed() -> None:
    lines = table("x", {"a": Measured([2.0, 3.0], [], ["why"]), "b": Measured(faults=["it broke"])})
    assert "| a | 2 | 2 to 3 | 40% | 2, 1 failed |" in lines
    assert "| b | not run: it broke | | | 0 |" in lines


def test_the_workloads_can_be_listed() -> None:
    command = [sys.executable, "-m", "benchmarks.client_throughput", "--list"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert "664x512, stored npz" in done.stdout.splitlines()
