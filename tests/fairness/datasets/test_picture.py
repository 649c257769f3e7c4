import struct
import warnings
import zlib
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from fairfedmed_files import write_picture
from PIL import Image as Pillow

from fairness.datasets.picture import read_picture
from fairness.errors import DataError


def test_grey_pictures_come_back_as_stored(tmp_path: Path) -> None:
    pixels = write_picture(tmp_path / "a.png", (11, 5))
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png"), pixels)
    Pillow.fromarray(np.full((8, 16), 77, np.uint8)).save(tmp_path / "a.jpg", quality=100)
    assert (read_picture(tmp_path / "a.jpg") == 77).all()


def test_colours_become_luma(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 4, 3), dtype=np.uint8)
    Pillow.fromarray(pixels).save(tmp_path / "a.png")
    luma = pixels @ np.array([0.299, 0.587, 0.114])
    assert np.abs(read_picture(tmp_path / "a.png") - luma).max() <= 0.51


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def claim(path: Path, width: int, height: int) -> None:
    """A tiny PNG that says it has so many pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 50)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)


@pytest.mark.parametrize("side", [7_100, 10_000, 60_000])
def test_a_decompression_bomb_is_refused_before_it_unpacks(tmp_path: Path, side: int) -> None:
    claim(tmp_path / "bomb.png", side, side)
    actions: tuple[Literal["error", "ignore"], ...] = ("error", "ignore")
    for action in actions:
        with warnings.catch_warnings():
            warnings.simplefilter(action, Pillow.DecompressionBombWarning)
            with pytest.raises(DataError, match="pixels") as caught:
                read_picture(tmp_path / "bomb.png")
        assert str(caught.value).startswith(f"{tmp_path / 'bomb.png'}: ")
        assert "\n" not in str(caught.value)


def test_truncated_and_foreign_files_are_named(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", (90, 90))
    whole = (tmp_path / "a.png").read_bytes()
    Pillow.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "e.bmp")
    contents = {
        "b.png": whole[:-4000],
        "c.png": whole[:20],
        "d.png": b"",
        "e.png": (tmp_path / "e.bmp").read_bytes(),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=f"{name}: no readable PNG or JPEG"):
            read_picture(tmp_path / name)
    with pytest.raises(DataError, match=r"z\.png: no such file"):
        read_picture(tmp_path / "z.png")


def test_more_than_8_bits_are_refused_rather_than_clipped(tmp_path: Path) -> None:
    Pillow.fromarray(np.full((4, 4), 40_000, np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(DataError, match=r"deep\.png: has more than 8 bits a pixel"):
        read_picture(tmp_path / "deep.png")
