"""What a compressed picture inside a DICOM file claims to be, before a decoder makes room for it.

The header of the file may say less than the stream, and decoders believe the stream. Only the
markers of JPEG, JPEG-LS (ITU T.81, T.87) and JPEG 2000 (T.800) that hold the size are read.
"""

JPEG, JPEG_2000 = b"\xff\xd8", b"\xff\x4f\xff\x51"
"""How they begin; JPEG 2000 may lie inside a file of boxes."""

NO_FRAME = (0xC4, 0xC8, 0xCC)
"""Markers among those of frames that begin none."""
JPEG_LS_FRAME = 0xF7
BARE = (0x01, *range(0xD0, 0xD9))
"""Markers without a length."""


def claimed_size(stream: bytes) -> tuple[int, int] | None:
    """Rows and columns of a compressed picture; None where nothing says so, as in RLE."""
    if stream.startswith(JPEG):
        return _of_jpeg(stream)
    start = stream.find(JPEG_2000)
    if start < 0 or len(stream) < start + 24:
        return None
    right, bottom, left, top = (
        int.from_bytes(stream[at : at + 4], "big") for at in range(start + 8, start + 24, 4)
    )
    return bottom - top, right - left


def _of_jpeg(stream: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(stream) and stream[at] == 0xFF:
        marker = stream[at + 1]
        if marker == 0xFF or marker in BARE:  # filling, or no segment
            at += 1 if marker == 0xFF else 2
            continue
        if (0xC0 <= marker <= 0xCF and marker not in NO_FRAME) or marker == JPEG_LS_FRAME:
            rows, columns = stream[at + 5 : at + 7], stream[at + 7 : at + 9]
            return int.from_bytes(rows, "big"), int.from_bytes(columns, "big")
        at += 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
    return None
