"""Images read straight from their place in an npz file are those that the careful way reads."""

import os
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fairseg_files import classes
from fairseg_files import keys as seg_keys
from fairvlmed_files import keys, small_image

from fairness.arrays import Array
from fairness.datasets.fairseg import FairSeg
from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.file_split import FileSplit
from fairness.datasets.npz import Npz
from fairness.datasets.place import read_place
from fairness.errors import DataError

SAVES = [np.savez, np.savez_compressed]


@pytest.fixture(params=SAVES, ids=["stored", "compressed"])
def save(request: pytest.FixtureRequest) -> Callable[..., None]:
    function: Callable[..., None] = request.param
    return function


def opened(tmp_path: Path, save: Callable[..., None], **changes: object) -> FairVLMed:
    (tmp_path / "Test").mkdir()
    save(tmp_path / "Test" / "data_00001.npz", **keys(**changes))
    return FairVLMed(tmp_path, "test")


def outcome(read: Callable[[], object]) -> object:
    """An image as nested lists, or the words of the refusal."""
    try:
        return np.asarray(getattr(read(), "image")).tolist()  # noqa: B009 - of a Sample
    except DataError as error:
        return str(error)


@pytest.mark.parametrize("shape", [(1,), (3, 5), (664, 512), (2, 3, 4)])
@pytest.mark.parametrize("kind", ["|u1", "|i1", "<f4", "<i8"])
def test_arrays_are_read_as_numpy_reads_them(
    shape: tuple[int, ...], kind: str, save: Callable[..., None], tmp_path: Path
) -> None:
    array = np.random.default_rng(1).integers(0, 100, shape).astype(kind)
    save(tmp_path / "a.npz", first=3, x=array, last="text")
    with Npz(tmp_path / "a.npz") as npz:
        place = npz.place("x")
    assert place is not None
    out: Array = np.empty(shape, place.type)
    assert read_place(str(tmp_path / "a.npz"), place, out)
    np.testing.assert_array_equal(out, np.load(tmp_path / "a.npz")["x"])


def test_an_image_is_read_without_opening_the_zip(
    save: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = opened(tmp_path, save)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    out = np.zeros((12, 8), np.uint8)
    sample = split.read_into(0, out)
    assert sample.image is out
    np.testing.assert_array_equal(out, small_image())
    np.testing.assert_array_equal(split.read(0).image, small_image())
    assert (sample.target, sample.attributes["race"]) == (1, 2)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((12, 8), np.uint8),
        np.eye(12, 8, dtype=np.uint8),
        np.asfortranarray(small_image()),
        small_image().astype(np.uint16),
        small_image() / 255,
        small_image()[0],
        np.zeros((0, 8), np.uint8),
        np.array([[{}]], dtype=object),
    ],
    ids=["black", "0..1", "fortran", "uint16", "floats", "a row", "empty", "objects"],
)
def test_unusual_images_are_taken_or_refused_in_the_same_words(
    image: Array, save: Callable[..., None], tmp_path: Path
) -> None:
    split = opened(tmp_path, save, slo_fundus=image)
    entry = split._entries[0]
    careful = outcome(lambda: split._read(entry))
    assert outcome(lambda: split.read(0)) == careful
    if split.shapes[0]:
        out = np.empty(split.shapes[0], np.uint8)
        assert outcome(lambda: split.read_into(0, out)) == careful


def test_any_damaged_byte_is_found_as_the_careful_way_finds_it(
    save: Callable[..., None], tmp_path: Path
) -> None:
    split = opened(tmp_path, save)
    path, good = split._entries[0].path, small_image().tolist()
    whole = path.read_bytes()
    place = split._entries[0].place
    assert place is not None
    # From the local header of the image to its end, and every 37th byte elsewhere.
    near = range(place.offset - 70, place.offset + place.packed)
    for at in sorted({*near, *range(0, len(whole), 37)}):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        quick = outcome(lambda: split.read(0))
        # A fault outside the image does not concern it; what is read is always the image.
        assert quick in (good, outcome(lambda: split._read(split._entries[0])))


@pytest.mark.parametrize("left", [0, 100, 900])
def test_truncated_and_missing_files_are_named(
    left: int, save: Callable[..., None], tmp_path: Path
) -> None:
    split = opened(tmp_path, save)
    path = split._entries[0].path
    path.write_bytes(path.read_bytes()[:left])
    said = outcome(lambda: split.read(0))
    assert said == outcome(lambda: split._read(split._entries[0]))
    assert "truncated or corrupt npz" in str(said)
    path.unlink()
    assert "no such file; fetch it" in str(outcome(lambda: split.read(0)))


def test_a_file_replaced_meanwhile_is_read_or_refused(
    save: Callable[..., None], tmp_path: Path
) -> None:
    split = opened(tmp_path, save)
    path = split._entries[0].path
    save(path, **keys(slo_fundus=small_image(7)))
    np.testing.assert_array_equal(split.read(0).image, small_image(7))
    save(path, **keys(slo_fundus=small_image(7)[:6]))
    assert "where (12, 8) is needed" in str(outcome(lambda: split.read(0)))


def test_a_bomb_behind_a_modest_claim_does_not_fill_the_memory(tmp_path: Path) -> None:
    split = opened(tmp_path, np.savez_compressed, slo_fundus=np.full((12, 8), 9, np.uint8))
    entry = split._entries[0]
    assert entry.place is not None
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = packer.compress(bytes(60_000_000)) + packer.flush()
    entry.path.write_bytes(bomb)
    place = entry.place._replace(offset=0, packed=len(bomb), whole=len(bomb))
    tracemalloc.start()
    assert not read_place(str(entry.path), place, np.empty((12, 8), np.uint8))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("stored", ["int8", "uint8", "float32"])
def test_masks_are_read_from_their_place_too(
    stored: str, save: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Test").mkdir()
    signed = -classes().astype(np.int8)
    save(tmp_path / "Test" / "a.npz", **seg_keys(disc_cup_mask=signed.astype(stored)))
    split = FairSeg(tmp_path, "test")
    careful = [split._read(entry) for entry in split._entries]
    descriptors = len(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(zipfile, "ZipFile", None)
    for index, expected in enumerate(careful):
        found = FileSplit.read(split, index)
        np.testing.assert_array_equal(found.image, expected.image)
        np.testing.assert_array_equal(found.target, expected.target)
        np.testing.assert_array_equal(found.target, classes())
    assert len(os.listdir("/proc/self/fd")) == descriptors
