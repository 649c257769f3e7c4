"""Images in colours: read as red, green, blue where a model takes them, grey in all three."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from written_table import SHAPE, cohort_columns, noise, write_rows

from fairness.datasets.image_file import ImageFiles
from fairness.datasets.table import TableSplit
from fairness.datasets.table_columns import TableColumns
from fairness.errors import DataError

COLOURS = noise(3, (*SHAPE, 3))
GREY = noise(4)
THRICE = np.stack([GREY] * 3, axis=-1)

WRITERS: dict[str, Callable[[Path], None]] = {
    "a.png": lambda path: Pillow.fromarray(COLOURS).save(path),
    "b.png": lambda path: Pillow.fromarray(COLOURS).convert("RGBA").save(path),
    "a.tif": lambda path: Pillow.fromarray(COLOURS).save(path),
    "a.npy": lambda path: np.save(path, COLOURS),
    "a.npz": lambda path: np.savez(path, image=COLOURS),
    "grey.png": lambda path: Pillow.fromarray(GREY).save(path),
    "grey.npy": lambda path: np.save(path, GREY),
}


@pytest.mark.parametrize("name", WRITERS)
def test_three_channels_are_those_of_the_file_or_the_grey_ones(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name)
    files = ImageFiles(channels=3)
    assert files.shape(tmp_path / name) == (*SHAPE, 3)
    expected = THRICE if name.startswith("grey") else COLOURS
    np.testing.assert_array_equal(files.read(tmp_path / name), expected)


def test_one_channel_is_the_luma_and_an_array_of_colours_is_none(tmp_path: Path) -> None:
    WRITERS["a.png"](tmp_path / "a.png")
    luma = COLOURS @ np.array([0.299, 0.587, 0.114])
    found = ImageFiles().read(tmp_path / "a.png")
    assert found.shape == SHAPE
    assert np.abs(found - luma).max() <= 1
    WRITERS["a.npy"](tmp_path / "a.npy")
    with pytest.raises(DataError, match="expected one grey image"):
        ImageFiles().read(tmp_path / "a.npy")


def test_a_table_gives_colours_where_they_are_asked_for(tmp_path: Path) -> None:
    table = write_rows(tmp_path / "t.csv", cohort_columns(tmp_path))
    Pillow.fromarray(COLOURS).save(tmp_path / "images" / "001.png")
    said = TableColumns(attributes=("sex",))
    colours, grey = TableSplit(table, "test", said, channels=3), TableSplit(table, "test", said)
    place = colours.ids.index("s5")
    np.testing.assert_array_equal(colours.read(place).image, COLOURS)
    assert set(colours.shapes) == {(*SHAPE, 3)}
    assert grey.read(place).image.shape == SHAPE
    other = (place + 1) % len(grey)
    for channel in range(3):
        image = colours.read(other).image[:, :, channel]
        np.testing.assert_array_equal(image, grey.read(other).image)
