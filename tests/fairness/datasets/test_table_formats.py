"""Every format of image and mask that a table may name, written by this test and read back."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from written_table import SHAPE, cohort_columns, noise, write_rows

from fairness.datasets.class_mask import MaskClasses, read_class_mask
from fairness.datasets.image_file import ImageFiles
from fairness.datasets.table import TableSplit
from fairness.datasets.table_columns import TableColumns, columns_of
from fairness.errors import DataError

SEX = TableColumns(attributes=("sex",))
PIXELS = noise(7)


def classes(number: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(number).integers(0, 3, SHAPE, dtype=np.uint8)


WRITERS: dict[str, Callable[[Path], None]] = {
    "a.png": lambda path: Pillow.fromarray(PIXELS).save(path),
    "a.tif": lambda path: Pillow.fromarray(PIXELS).save(path),
    "a.tiff": lambda path: Pillow.fromarray(PIXELS).save(path, compression="tiff_lzw"),
    "a.npy": lambda path: np.save(path, PIXELS),
    "b.npy": lambda path: np.save(path, PIXELS.astype(np.int64)),
    "a.npz": lambda path: np.savez(path, anything=PIXELS),
    "b.npz": lambda path: np.savez_compressed(path, anything=PIXELS),
}


@pytest.mark.parametrize("name", WRITERS)
def test_an_image_comes_back_as_written(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name)
    files = ImageFiles()
    assert files.shape(tmp_path / name) == SHAPE
    np.testing.assert_array_equal(files.read(tmp_path / name), PIXELS)


def test_a_jpeg_comes_back_nearly_as_written(tmp_path: Path) -> None:
    Pillow.fromarray(np.full(SHAPE, 77, np.uint8)).save(tmp_path / "a.jpeg", quality=100)
    assert (ImageFiles().read(tmp_path / "a.jpeg") == 77).all()


def test_an_npz_of_several_arrays_needs_a_key(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", image=PIXELS, other=noise(8))
    with pytest.raises(DataError, match=r"holds 2 arrays \(image, other\).*--image-key"):
        ImageFiles().shape(tmp_path / "a.npz")
    np.testing.assert_array_equal(ImageFiles(key="image").read(tmp_path / "a.npz"), PIXELS)
    with pytest.raises(DataError, match=r"no array 'third'; it holds image, other"):
        ImageFiles(key="third").read(tmp_path / "a.npz")


def test_volumes_are_read_where_they_are_wanted(tmp_path: Path) -> None:
    volume = noise(3, (4, 5, 6))
    np.save(tmp_path / "a.npy", volume)
    np.testing.assert_array_equal(ImageFiles("D, H, W").read(tmp_path / "a.npy"), volume)
    with pytest.raises(DataError, match=r"a\.npy has shape \(4, 5, 6\), expected one grey image"):
        ImageFiles().read(tmp_path / "a.npy")
    columns = cohort_columns(tmp_path)
    columns["file"] = ["a.npy"] * 6
    path = write_rows(tmp_path / "t.csv", columns)
    split = TableSplit(path, "test", SEX, shape=(4, 5, 6))
    np.testing.assert_array_equal(split.read(0).image, volume)


@pytest.mark.parametrize(
    ("name", "write", "message"),
    [
        ("a.npy", lambda p: np.save(p, PIXELS / 255), "holds float64, .*--window LOW,HIGH"),
        ("a.npy", lambda p: np.save(p, PIXELS.astype(int) * 9), "int64, 9.*--window LOW,HIGH"),
        ("a.npy", lambda p: np.save(p, np.array([{}], dtype=object)), "Python objects"),
        ("a.npy", lambda p: p.write_bytes(b"\x93NUMPY"), "truncated or corrupt npy"),
        ("a.npz", lambda p: p.write_bytes(b"PK"), "truncated or corrupt npz"),
        ("a.tif", lambda p: p.write_bytes(b"II*\0"), "no readable TIFF"),
        ("a.tif", lambda p: Pillow.fromarray(np.full(SHAPE, 900, np.uint16)).save(p), "8 bits"),
        ("a.tif", lambda p: Pillow.fromarray(PIXELS).save(
            p, save_all=True, append_images=[Pillow.fromarray(PIXELS)]), "holds 2 pictures"),
        ("a.xyz", lambda p: p.write_bytes(b"x"), "no known image format"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_such_image_is_named(
    tmp_path: Path, name: str, write: Callable[[Path], None], message: str
) -> None:
    write(tmp_path / name)
    with pytest.raises(DataError, match=f"{name}.*{message}") as caught:
        ImageFiles().read(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_an_npy_that_claims_more_than_it_holds_is_refused_unread(tmp_path: Path) -> None:
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (90000, 90000), }".ljust(117)
    (tmp_path / "big.npy").write_bytes(b"\x93NUMPY\x01\x00\x76\x00" + header + b"\n" + b"1234")
    with pytest.raises(DataError, match="more than any image has"):
        ImageFiles().read(tmp_path / "big.npy")


@pytest.mark.parametrize("name", ["m.png", "m.tif", "m.npy", "m.npz"])
def test_a_mask_comes_back_as_written(tmp_path: Path, name: str) -> None:
    mask, path = classes(4), tmp_path / name
    if name.endswith(("png", "tif")):
        Pillow.fromarray(mask).save(path)
    elif name.endswith("npy"):
        np.save(path, mask.astype(np.float64))
    else:
        np.savez(path, mask=mask)
    np.testing.assert_array_equal(read_class_mask(path, None, MaskClasses()), mask)


def test_a_palette_is_read_by_its_numbers_and_never_by_its_colours(tmp_path: Path) -> None:
    mask = classes(5)
    picture = Pillow.fromarray(mask).convert("P")
    picture.putpalette([0, 0, 0, 250, 3, 3, 7, 250, 7])
    picture.putdata(mask.ravel().tolist())
    picture.save(tmp_path / "m.png")
    read = read_class_mask(tmp_path / "m.png", None, MaskClasses())
    np.testing.assert_array_equal(read, mask)


def test_numbers_of_a_mask_mean_what_the_user_says(tmp_path: Path) -> None:
    columns = cohort_columns(tmp_path)
    (tmp_path / "masks").mkdir()
    stored = np.array([255, 128, 0], np.uint8)  # background, rim, cup
    columns["mask"] = [f"masks/{i}.png" for i in range(6)]
    for i, name in enumerate(columns["mask"]):
        Pillow.fromarray(stored[classes(i)]).save(tmp_path / name)
    path = write_rows(tmp_path / "t.csv", columns)
    said = columns_of(path, {"attributes": "sex", "mask_values": "255=background,128=rim,0=cup"})
    split = TableSplit(path, "test", said, masks=True)
    assert split.labels is None
    for index in range(5):
        np.testing.assert_array_equal(split.read(index).target, classes(5 - index))
    with pytest.raises(DataError, match=r"t\.csv row 6: .*masks/5\.png: holds \d+, expected 0 b"):
        TableSplit(path, "test", SEX, masks=True).read(0)


@pytest.mark.parametrize(
    ("name", "write", "message"),
    [
        ("m.png", lambda p: Pillow.new("L", (4, 4)).save(p), r"shape \(4, 4\)"),
        ("m.png", lambda p: Pillow.new("RGB", SHAPE[::-1]).save(p), "holds colours"),
        ("m.jpg", lambda p: Pillow.new("L", SHAPE[::-1]).save(p), "no known format of masks"),
        ("m.npy", lambda p: np.save(p, np.full(SHAPE, np.nan)), "holds nan, expected"),
        ("m.npy", lambda p: np.save(p, np.full(SHAPE, "x")), "holds <U1 of shape"),
        ("m.npy", lambda p: np.save(p, np.zeros((5, *SHAPE))), "no volumes"),
    ],
)  # fmt: skip
def test_a_mask_that_is_none_names_file_and_row(
    tmp_path: Path, name: str, write: Callable[[Path], None], message: str
) -> None:
    columns = cohort_columns(tmp_path)
    np.save(tmp_path / "good.npy", classes(1))
    columns["mask"] = ["good.npy", "good.npy", name, *["good.npy"] * 3]
    write(tmp_path / name)
    path = write_rows(tmp_path / "t.csv", columns)
    with pytest.raises(DataError, match=rf"t\.csv row 3: .*{name}.*{message}"):
        TableSplit(path, "test", SEX, masks=True).read(3)  # the image of s4
    split = TableSplit(path, "test", SEX, masks=True, on_error="skip")
    assert len(split) in (4, 5)
