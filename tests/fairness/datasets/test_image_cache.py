"""Decoded images on disk: what comes back is what was kept, or nothing; nobody else sees it."""

import errno
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from fairness.arrays import Array
from fairness.datasets import image_cache
from fairness.datasets.image_cache import NAME, ImageCache
from fairness.datasets.pack import Pack, PackWriter, checksum

LARGE = 2**40


def key(number: int) -> bytes:
    return b"%032x" % number


def image(number: int, side: int = 40) -> Array:
    return np.random.default_rng(number).integers(0, 256, (side, side), dtype=np.uint8)


def fill(folder: Path, numbers: range, most: int = LARGE, side: int = 40) -> list[str]:
    """Keep images of these numbers; what was told meanwhile."""
    told: list[str] = []
    with ImageCache(folder, most, told.append) as cache:
        for number in numbers:
            cache.write(key(number), [image(number, side)])
    return told


def kept(folder: Path, numbers: range, side: int = 40) -> list[int]:
    """Numbers of the images that come back, each checked."""
    found = []
    with ImageCache(folder, LARGE, print) as cache:
        for number in numbers:
            out = np.zeros((side, side), np.uint8)
            if cache.read(key(number), [out]):
                np.testing.assert_array_equal(out, image(number, side))
                found.append(number)
    return found


def packs(folder: Path) -> list[Path]:
    return sorted((folder / NAME).iterdir())


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    assert fill(tmp_path, range(5)) == []
    assert fill(tmp_path, range(5, 9)) == []
    assert kept(tmp_path, range(12)) == list(range(9))
    assert len(packs(tmp_path)) == 2


def test_several_arrays_lie_together_and_must_fit(tmp_path: Path) -> None:
    parts: list[Array] = [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.array([7, 8, 9], np.uint8),
    ]
    with ImageCache(tmp_path, LARGE, print) as cache:
        cache.write(key(1), parts)
    with ImageCache(tmp_path, LARGE, print) as cache:
        out = [np.zeros_like(part) for part in parts]
        assert cache.read(key(1), out)
        for found, expected in zip(out, parts, strict=True):
            np.testing.assert_array_equal(found, expected)
        assert not cache.read(key(1), out[:1])


def test_it_is_the_user_s_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    fill(tmp_path, range(2))
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o700
    assert packs(tmp_path)[0].stat().st_mode & 0o777 == 0o600
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_any_damaged_byte_costs_images_and_never_changes_one(tmp_path: Path) -> None:
    fill(tmp_path, range(2), side=8)
    (path,) = packs(tmp_path)
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        assert len(kept(tmp_path, range(2), side=8)) < 2
        path.write_bytes(whole)
    assert kept(tmp_path, range(2), side=8) == [0, 1]


@pytest.mark.parametrize("left", [0, 10, 500, -1])
def test_a_shortened_pack_is_removed_and_made_anew(left: int, tmp_path: Path) -> None:
    fill(tmp_path, range(2))
    (path,) = packs(tmp_path)
    path.write_bytes(path.read_bytes()[:left])
    assert kept(tmp_path, range(2)) == []
    assert packs(tmp_path) == []
    fill(tmp_path, range(2))
    assert kept(tmp_path, range(2)) == [0, 1]


def test_a_pack_shortened_while_it_is_read_is_a_miss(tmp_path: Path) -> None:
    fill(tmp_path, range(2))
    with ImageCache(tmp_path, LARGE, print) as cache:
        os.truncate(packs(tmp_path)[0], 100)
        assert not cache.read(key(1), [np.zeros((40, 40), np.uint8)])


def test_parts_of_killed_runs_leave_and_those_of_others_stay(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    writer = PackWriter(tmp_path / NAME, "another")
    (tmp_path / NAME / "killed.part").write_bytes(b"half")
    fill(tmp_path, range(1))
    assert [path.suffix for path in packs(tmp_path)] == [".pack", ".part"]
    writer.append(key(9), [image(9)], checksum([image(9)]))
    writer.publish()
    assert kept(tmp_path, range(10)) == [0, 9]


def test_nothing_is_seen_before_it_is_complete(tmp_path: Path) -> None:
    with ImageCache(tmp_path, LARGE, print) as cache:
        cache.write(key(0), [image(0)])
        assert kept(tmp_path, range(1)) == []
    assert kept(tmp_path, range(1)) == [0]


def test_packs_are_complete_from_time_to_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_cache, "PACK_BYTES", 4000)
    fill(tmp_path, range(7))
    assert len(packs(tmp_path)) == 3
    assert kept(tmp_path, range(7)) == list(range(7))


def test_a_full_disk_ends_caching_with_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, range(2))

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwritev", full)
    told = fill(tmp_path, range(2, 6))
    assert len(told) == 1
    assert "no more images are kept (No space left on device)" in told[0]
    assert kept(tmp_path, range(9)) == [0, 1]
    assert len(packs(tmp_path)) == 1


def test_it_is_bounded_and_what_was_used_longest_ago_leaves(tmp_path: Path) -> None:
    side, each = 3000, 9_000_000
    for number in range(3):
        fill(tmp_path, range(number, number + 1), side=side)
        os.utime(packs(tmp_path)[-1], (number, number))
    assert kept(tmp_path, range(1), side=side) == [0]  # used now, so 1 is the oldest
    assert fill(tmp_path, range(3, 4), most=3 * each + 2**24 + 2**20, side=side) == []
    assert kept(tmp_path, range(4), side=side) == [0, 2, 3]
    told = fill(tmp_path, range(4, 5), most=each, side=side)
    assert "they fill the 8 MB that they may have" in told[0]
    assert len(packs(tmp_path)) <= 1


def test_many_threads_write_and_read(tmp_path: Path) -> None:
    with ImageCache(tmp_path, LARGE, print) as cache:

        def write(numbers: range) -> None:
            for i in numbers:
                cache.write(key(i), [image(i)])

        threads = [
            threading.Thread(target=write, args=(numbers,))
            for numbers in (range(0, 20), range(20, 40), range(40, 60))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert kept(tmp_path, range(60)) == list(range(60))


@pytest.mark.parametrize("size", [1, 7, 8, 4095, 4096, 4097, 339_968])
def test_the_checksum_notices_every_flipped_bit_and_swapped_pages(size: int) -> None:
    content = np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8)
    good = checksum([content])
    for at in {0, size // 2, size - 1}:
        for bit in range(8):
            content[at] ^= 1 << bit
            assert checksum([content]) != good
            content[at] ^= 1 << bit
    assert checksum([content]) == good
    if size > 8192:
        content[:8192] = np.roll(content[:8192], 4096)
        assert checksum([content]) != good


def test_a_foreign_file_is_no_pack(tmp_path: Path) -> None:
    (tmp_path / "a.pack").write_bytes(bytes(5000))
    with pytest.raises(ValueError, match="no complete pack"):
        Pack(tmp_path / "a.pack")
