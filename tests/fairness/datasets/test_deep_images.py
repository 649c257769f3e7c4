"""Pictures and arrays of more than 8 bits: exact to a window, or refused with the flag to give."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import Image as Pillow

from fairness.arrays import Array
from fairness.datasets.image_file import ImageFiles
from fairness.errors import DataError

VALUES = np.random.default_rng(5).integers(0, 4096, (9, 7), dtype=np.uint16)
BYTES = np.random.default_rng(6).integers(0, 256, (9, 7), dtype=np.uint8)

WRITERS: dict[str, Callable[[Path, Array], object]] = {
    "a.png": lambda p, v: Pillow.fromarray(v).save(p),
    "a.tif": lambda p, v: Pillow.fromarray(v).save(p),
    "big.tif": lambda p, v: p.write_bytes(tiff(v, "big")),
    "i32.tiff": lambda p, v: Pillow.fromarray(v.astype(np.int32)).save(p),
    "f32.tif": lambda p, v: Pillow.fromarray(v.astype(np.float32)).save(p),
    "a.npy": lambda p, v: np.save(p, v),
    "i.npy": lambda p, v: np.save(p, v.astype(">i2")),
    "f.npy": lambda p, v: np.save(p, v.astype(np.float16 if v.max() < 2048 else np.float64)),
    "a.npz": lambda p, v: np.savez(p, x=v),
}


def tiff(values: Array, order: Literal["big", "little"], photometric: int = 1) -> bytes:
    """One strip of 16 bits a pixel; photometric 1: black is zero, 0: white is."""
    rows, columns = values.shape
    tags = [(256, columns), (257, rows), (258, 16), (259, 1), (262, photometric), (273, 0),
            (277, 1),
            (278, rows), (279, 2 * values.size)]  # fmt: skip
    start = 8 + 2 + 12 * len(tags) + 4
    parts = [(42, 2), (8, 4), (len(tags), 2)]
    for tag, value in tags:
        parts += [(tag, 2), (4, 2), (1, 4), (start if tag == 273 else value, 4)]
    head = b"".join(number.to_bytes(size, order) for number, size in (*parts, (0, 4)))
    mark, kind = (b"MM", ">u2") if order == "big" else (b"II", "<u2")
    return mark + head + values.astype(kind).tobytes()


@pytest.mark.parametrize("name", WRITERS)
def test_a_window_spreads_values_over_the_grey_levels(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name, VALUES)
    files = ImageFiles(window=(300, 3000), exact=True)
    assert files.shape(tmp_path / name) == VALUES.shape
    expected = np.interp(VALUES.astype(float), [300, 3000], [0, 255])
    exact = files.read(tmp_path / name)
    assert exact.dtype == np.float32
    np.testing.assert_allclose(exact, expected, atol=2e-5)
    assert np.unique(exact).size > np.unique(np.rint(exact)).size, "nothing was rounded"
    rounded = ImageFiles(window=(300, 3000)).read(tmp_path / name)
    assert rounded.dtype == np.uint8
    np.testing.assert_array_equal(rounded, np.rint(expected))
    colours = ImageFiles(window=(300, 3000), channels=3).read(tmp_path / name)
    np.testing.assert_array_equal(colours, np.stack([rounded] * 3, axis=-1))
    assert ImageFiles(window=(0, 1), channels=3).shape(tmp_path / name) == (9, 7, 3)


@pytest.mark.parametrize("name", WRITERS)
def test_without_a_window_the_flag_is_named(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name, VALUES)
    with pytest.raises(DataError, match=rf"{name}.*--window LOW,HIGH, such as 0,4095"):
        ImageFiles().read(tmp_path / name)
    if name.endswith((".png", "tif", "tiff", "f.npy")):  # said by the header alone
        with pytest.raises(DataError, match="--window LOW,HIGH"):
            ImageFiles().shape(tmp_path / name)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.npy"])
def test_images_of_8_bits_are_grey_levels_whatever_the_window(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name, BYTES)
    for exact in (False, True):
        image = ImageFiles(window=(0, 4095), exact=exact).read(tmp_path / name)
        assert image.dtype == (np.float32 if exact else np.uint8)
        np.testing.assert_array_equal(image, BYTES)


def test_a_deep_negative_is_refused(tmp_path: Path) -> None:
    files = ImageFiles(window=(0, 255), exact=True)
    (tmp_path / "b.tif").write_bytes(tiff(BYTES, "little"))
    np.testing.assert_array_equal(files.read(tmp_path / "b.tif"), BYTES)
    (tmp_path / "a.tif").write_bytes(tiff(BYTES, "little", photometric=0))
    with pytest.raises(DataError, match=r"a\.tif: .* and its white is zero"):
        files.read(tmp_path / "a.tif")


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_refused(tmp_path: Path, odd: float) -> None:
    values = VALUES.astype(np.float32)
    values[3, 3] = odd
    np.save(tmp_path / "a.npy", values)
    with pytest.raises(DataError, match=r"a\.npy: holds values that are no finite numbers"):
        ImageFiles(window=(0, 4095)).read(tmp_path / "a.npy")


def test_volumes_have_windows_too(tmp_path: Path) -> None:
    volume = VALUES.reshape(3, 3, 7)
    np.save(tmp_path / "a.npy", volume)
    found = ImageFiles("D, H, W", window=(0, 4095)).read(tmp_path / "a.npy")
    np.testing.assert_array_equal(found, np.rint(volume / 4095 * 255))
    with pytest.raises(DataError, match=r"has shape \(3, 3, 7\), expected one grey image"):
        ImageFiles(window=(0, 4095)).read(tmp_path / "a.npy")
