"""Pictures of more than 8 bits, however they are stored; and the one among the known faults."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from fairness.datasets.picture import picture_shape, read_picture
from fairness.errors import DataError

FAULTS = Path(__file__).parents[4] / "shared" / "faults"

GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGB_ALPHA: 4}


def write_png(path: Path, depth: int, kind: int, interlaced: bool = False) -> Path:
    """A PNG of 8 x 4 pixels, all of the value 1 but for transparency, of that depth and kind."""
    header = struct.pack(">IIBBBBB", 8, 4, depth, kind, 0, 0, int(interlaced))
    row = b"\0" + bytes([1]) * (8 * CHANNELS[kind] * depth // 8)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    if kind == PALETTE:
        content += chunk(b"PLTE", bytes(range(3 * 2)))
    path.write_bytes(content + chunk(b"IDAT", zlib.compress(row * 4)) + chunk(b"IEND", b""))
    return path


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize("kind", [GREY, RGB, GREY_ALPHA, RGB_ALPHA])
@pytest.mark.parametrize("interlaced", [False, True])
def test_16_bits_are_refused_by_the_header(kind: int, interlaced: bool, tmp_path: Path) -> None:
    path = write_png(tmp_path / "a.png", 16, kind, interlaced)
    for read in (read_picture, picture_shape):
        with pytest.raises(DataError, match=r"a\.png: has more than 8 bits a pixel"):
            read(path)


@pytest.mark.parametrize(
    ("depth", "kind", "grey"),
    [
        (8, GREY, 1),
        (8, RGB, 1),
        (8, GREY_ALPHA, 1),
        (8, RGB_ALPHA, 1),
        (8, PALETTE, 4),  # the colour 3, 4, 5
        (4, GREY, 0),  # every second pixel is 1 of 15
        (1, GREY, 0),  # every eighth is 1 of 1
    ],
)
def test_up_to_8_bits_are_read_as_shown(depth: int, kind: int, grey: int, tmp_path: Path) -> None:
    pixels = read_picture(write_png(tmp_path / "a.png", depth, kind))
    assert pixels.shape == (4, 8)
    assert pixels[0, 0] == grey
    assert pixels[0, 7] == {4: 17, 1: 255}.get(depth, grey)  # 0..255, whatever the depth


def test_printers_colours_are_read_as_shown(tmp_path: Path) -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    none = Pillow.new("L", (16, 16), 0)
    Pillow.merge("CMYK", [none, none, none, Pillow.fromarray(255 - ramp)]).save(
        tmp_path / "a.jpg", quality=100
    )
    assert np.abs(read_picture(tmp_path / "a.jpg").astype(int) - ramp).max() <= 2


@pytest.mark.realdata
@pytest.mark.skipif(not FAULTS.is_dir(), reason="the known faults do not lie beside the project")
def test_the_16_bit_colour_picture_among_the_known_faults_is_refused() -> None:
    for read in (read_picture, picture_shape):
        with pytest.raises(DataError, match=r"rgb16\.png: has more than 8 bits a pixel"):
            read(FAULTS / "rgb16.png")
