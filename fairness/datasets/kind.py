"""What is the same for many samples of a split, and the sizes of a place, which are not."""

from typing import Any, NamedTuple

from fairness.datasets.place import Place


class Kind(NamedTuple):
    """What is the same for many samples."""

    folder: str
    codes: tuple[tuple[str, int], ...]
    measured: tuple[str, ...]
    """Names of the covariates."""
    shape: tuple[int, ...]
    label: int
    labels: tuple[int, ...]
    words: tuple[tuple[str, str], ...]
    place: tuple[bool, str, int] | None
    """Of the image: whether it is deflated, type and size."""
    mask_place: tuple[bool, str, int] | None
    key: str | None
    """Of the image, where the name, CRC and size of its array are its checksum."""


def checksum_of(key: str, place: Place) -> str:
    """Of an image whose array has that name, as `Npz.checksums` gives it."""
    return f"{key} {place.crc:08x} {place.size}"


def sizes_of(place: Place | None) -> tuple[int | None, ...]:
    """CRC, offset, packed where the file is deflated, bytes of the file."""
    if place is None:
        return (None,) * 4
    packed = place.packed if place.is_deflated else None
    return place.crc - 2**31, place.offset, packed, place.whole  # four bytes of a number with sign


def place_of(said: tuple[bool, str, int] | None, sizes: tuple[Any, ...]) -> Place | None:
    """The place again."""
    if said is None:
        return None
    (is_deflated, kind, size), (crc, offset, packed, whole) = said, sizes
    packed = size if packed is None else packed
    return Place(offset, packed, size, crc + 2**31, is_deflated, kind, whole)
