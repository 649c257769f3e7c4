"""Whatever inflates and makes checksums, ISA-L or zlib, does as zlib does."""

import sys
import zlib
from importlib import reload

import numpy as np
import pytest

from fairness.datasets import inflate

CONTENTS = [
    np.random.default_rng(0).integers(0, 256, 100_001, np.uint8).tobytes(),
    b"\0" * 400_000,
    bytes(range(256)) * 400,
    b"x",
    b"",
]


def packed(content: bytes, level: int) -> bytes:
    """Raw deflate, as the members of a zip have it."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: f"{len(content)}")
def test_the_same_sums_and_bytes_as_zlib(content: bytes) -> None:
    assert inflate.crc32(content) == zlib.crc32(content)
    assert inflate.crc32(content, 12345) == zlib.crc32(content, 12345)
    for level in (0, 1, 9):
        unpacker = inflate.decompressobj(-zlib.MAX_WBITS)
        assert unpacker.decompress(packed(content, level), len(content) + 1) == content
        assert unpacker.eof


def test_no_more_is_unpacked_than_was_asked_for() -> None:
    unpacker = inflate.decompressobj(-zlib.MAX_WBITS)
    assert unpacker.decompress(packed(b"\0" * 10**7, 9), 1000) == b"\0" * 1000
    assert not unpacker.eof


def test_broken_bytes_are_an_error_or_no_end() -> None:
    whole = packed(CONTENTS[2], 9)
    for raw in (whole[:-5], b"\xff" + whole[1:], whole[:20] + b"\xff" * 20 + whole[40:]):
        unpacker = inflate.decompressobj(-zlib.MAX_WBITS)
        try:
            content = unpacker.decompress(raw, len(CONTENTS[2]) + 1)
        except inflate.InflateError:
            continue
        assert not unpacker.eof or content != CONTENTS[2]


def test_without_isa_l_it_is_zlib(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "isal.isal_zlib", None)
        assert reload(inflate).crc32 is zlib.crc32
        assert inflate.InflateError is zlib.error
    reload(inflate)
