"""Splits read through a cache of decoded images: the same samples, decoded once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fairseg_files import classes
from fairseg_files import keys as seg_keys
from fairvlmed_files import keys, small_image, write_npz
from PIL import Image as Pillow

from fairness.arrays import Array
from fairness.datasets import place
from fairness.datasets.buffers import PlainBuffers
from fairness.datasets.fairseg import FairSeg
from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.file_split import FileSplit
from fairness.datasets.image_cache import ImageCache, read_through
from fairness.datasets.place import Place
from fairness.datasets.read_ahead import largest, read_ahead
from fairness.datasets.table import TableSplit
from fairness.samples import cut

LARGE = 2**40


def uncompressing(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many images were decoded so far."""
    calls = [0]
    real = place.read_place

    def counted(path: str, where: Place, out: Array) -> bool:
        calls[0] += 1
        return real(path, where, out)

    monkeypatch.setattr("fairness.datasets.file_split.read_place", counted)
    return lambda: calls[0]


def all_images(split: FileSplit, folder: Path) -> dict[str, Array]:
    cuts = cut(split.shapes, 3)
    buffers = PlainBuffers(3, largest(split, cuts))
    found: dict[str, Array] = {}
    with ImageCache(folder, LARGE, print) as cache:
        for batch in read_ahead(split, cuts, buffers, 2, cache):
            found.update(zip(batch.ids, batch.images.copy(), strict=True))
            buffers.give_back(batch.images)
    return found


def test_a_second_run_decodes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Test").mkdir()
    for number in range(7):
        path = tmp_path / "Test" / f"data_{number:05d}.npz"
        np.savez_compressed(path, **keys(slo_fundus=small_image(number)))
    decoded = uncompressing(monkeypatch)
    first = all_images(FairVLMed(tmp_path, "test"), tmp_path / "cache")
    assert decoded() == 7
    second = all_images(FairVLMed(tmp_path, "test"), tmp_path / "cache")
    assert decoded() == 7
    for number in range(7):
        np.testing.assert_array_equal(first[f"data_{number:05d}"], small_image(number))
        np.testing.assert_array_equal(second[f"data_{number:05d}"], small_image(number))
    path = tmp_path / "Test" / "data_00003.npz"
    np.savez_compressed(path, **keys(slo_fundus=small_image(70)))
    third = all_images(FairVLMed(tmp_path, "test"), tmp_path / "cache")
    assert decoded() == 8
    np.testing.assert_array_equal(third["data_00003"], small_image(70))


def test_stored_arrays_are_not_kept(tmp_path: Path) -> None:
    write_npz(tmp_path / "Test" / "a.npz")
    assert FairVLMed(tmp_path, "test").origin(0) is None


def test_masks_come_back_with_their_images(tmp_path: Path) -> None:
    (tmp_path / "Test").mkdir()
    np.savez_compressed(tmp_path / "Test" / "a.npz", **seg_keys())
    split = FairSeg(tmp_path, "test")
    expected = split.read(0)
    for _ in range(2):
        with ImageCache(tmp_path / "cache", LARGE, print) as cache:
            sample = read_through(cache, split, 0, np.zeros_like(expected.image))
        np.testing.assert_array_equal(sample.image, expected.image)
        np.testing.assert_array_equal(sample.target, classes())
    (tmp_path / "Test" / "a.npz").unlink()
    with ImageCache(tmp_path / "cache", LARGE, print) as cache:
        sample = read_through(cache, split, 0, np.zeros_like(expected.image))
    np.testing.assert_array_equal(sample.target, classes())


def test_pictures_are_known_by_their_content_and_how_they_are_decoded(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        Pillow.fromarray(small_image(seed)).save(tmp_path / f"{name}.png")
    rows = "file,target,race\na.png,0,Black\nb.png,1,White\nc.png,1,White\n"
    (tmp_path / "t.csv").write_text(rows)
    one, two, three = (TableSplit(tmp_path / "t.csv", "test").origin(i) for i in range(3))
    assert one is not None
    assert one == two != three
    colours = TableSplit(tmp_path / "t.csv", "test", channels=3).origin(0)
    floats = TableSplit(tmp_path / "t.csv", "test", exact=True).origin(0)
    assert len({one, colours, floats}) == 3
    assert TableSplit(tmp_path / "t.csv", "test", fit=lambda array: array).origin(0) is None
