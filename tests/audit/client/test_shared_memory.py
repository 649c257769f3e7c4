"""Regions of shared memory: whose they are, when they go, and what is left to others."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from audit.client.ring import PAGE, Ring
from audit.client.shared_memory import (
    FOLDER,
    NAME,
    NoRegionError,
    Region,
    is_abandoned,
    make_region,
    remove_leftovers,
    started,
)
from fairness.datasets.buffers import ClosedError

MAKES_ONE = """
import sys, time
from audit.client.shared_memory import make_region
print(make_region(8192).name, flush=True)
time.sleep(60)
"""


@pytest.fixture
def region() -> Iterator[Region]:
    made = make_region(4 * PAGE)
    yield made
    made.remove()


def test_a_region_is_ours_alone_and_names_its_process(region: Region) -> None:
    path = FOLDER / region.name
    found = NAME.fullmatch(region.name)
    assert found is not None
    assert (int(found[1]), int(found[2])) == (os.getpid(), started(os.getpid()))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_blocks * 512 == path.stat().st_size == len(region.memory)
    region.memory[5] = 7
    assert path.read_bytes()[5] == 7


def test_it_is_gone_when_it_is_removed() -> None:
    made = make_region(10)
    made.remove()
    assert not (FOLDER / made.name).exists()


def test_one_of_a_killed_process_goes_and_those_of_others_stay(region: Region) -> None:
    stranger = FOLDER / f"somebody-else-{os.getpid()}"
    stranger.write_bytes(b"theirs")
    command = [sys.executable, "-c", MAKES_ONE]
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            name = process.stdout.readline().strip()
            assert name not in set(remove_leftovers())  # it lives
            process.kill()
        assert name in set(remove_leftovers())
        assert not (FOLDER / name).exists()
        assert stranger.read_bytes() == b"theirs"
        assert (FOLDER / region.name).exists()
    finally:
        stranger.unlink()


def test_a_process_id_that_was_given_again_does_not_protect_a_region() -> None:
    mine, start = os.getpid(), started(os.getpid()) or 0
    assert not is_abandoned(f"fair-audit-{mine}-{start}-{0:016x}")
    assert is_abandoned(f"fair-audit-{mine}-{start - 1}-{0:016x}")
    assert not is_abandoned(f"fair-audit-{mine}-{start - 1}-{0:016x}-of-a-stranger")


def test_what_a_container_with_other_process_ids_uses_stays() -> None:
    made = make_region(10)
    looks_dead = FOLDER / made.name.replace(f"-{os.getpid()}-", "-4194305-")
    os.rename(FOLDER / made.name, looks_dead)  # locked all the same
    try:
        assert is_abandoned(looks_dead.name)
        assert looks_dead.name not in set(remove_leftovers())
        assert looks_dead.exists()
    finally:
        looks_dead.unlink()
        made.remove()


def test_too_little_room_is_said_before_anything_is_written() -> None:
    before = set(os.listdir(FOLDER))
    with pytest.raises(NoRegionError, match=r"/dev/shm has \d+ MB free, \d+ MB are needed"):
        make_region(2**50)
    assert set(os.listdir(FOLDER)) <= before


def test_room_that_is_gone_meanwhile_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, start: int, size: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(NoRegionError, match="No space left"):
        make_region(PAGE)
    assert not [name for name in os.listdir(FOLDER) if f"-{os.getpid()}-" in name]


def test_a_system_without_such_memory_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.client.shared_memory.FOLDER", Path("/no/such/folder"))
    with pytest.raises(NoRegionError, match="/no/such/folder: No such file"):
        make_region(10)


def test_slots_do_not_overlap_and_come_back(region: Region) -> None:
    ring = Ring(region, PAGE, 2, 3000)
    first, second = ring.take(), ring.take_free()
    assert second is not None
    assert ring.take_free() is None
    places = sorted((region.place_of(first), region.place_of(second)), key=lambda p: p or 0)
    assert places == [PAGE, 2 * PAGE]
    ring.give_back(second[6:1206].reshape(2, 600))
    ring.give_back(np.zeros(9, np.uint8))
    again = ring.take()
    assert region.place_of(again) == region.place_of(second)
    ring.close()
    with pytest.raises(ClosedError):
        ring.take()


def test_only_whole_arrays_inside_a_region_have_a_place(region: Region) -> None:
    rows = region.memory[:600].reshape(6, 100)
    assert region.place_of(rows[2:4]) == 200
    assert region.place_of(rows[:, :50]) is None
    assert region.place_of(np.zeros(4)) is None
