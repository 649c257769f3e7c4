"""A table, or radiographs, opened from an index: no picture is read, and all else is the same."""

import builtins
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fairfedmed_files import write_chest
from index_files import said, sealed
from PIL import Image as Pillow
from written_dicom import write_dicom
from written_table import cohort_columns, noise, write_rows

from fairness.datasets import folder_index, table_index
from fairness.datasets.fairfedmed_chest import FairFedMedChest
from fairness.datasets.folder_index import folder
from fairness.datasets.table import TableSplit
from fairness.datasets.table_columns import TableColumns
from fairness.errors import DataError

Opens = Callable[..., Any]
PICTURES = (".png", ".jpg", ".dcm", ".npy", ".tif", "")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Indexes of a folder of this test's own, kept of few files that have just been written."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(folder_index, "LEAST", 2)
    monkeypatch.setattr(folder_index, "SETTLED", 0)
    return tmp_path / "cache"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the images and masks that are opened from now on."""
    names: list[str] = []
    opens = io.open

    def noted(file: Any, *args: Any, **more: Any) -> Any:
        if isinstance(file, str | Path) and Path(file).suffix in PICTURES:
            names.append(Path(file).name)
        return opens(file, *args, **more)

    monkeypatch.setattr(builtins, "open", noted)
    monkeypatch.setattr(io, "open", noted)
    return names


def labelled(root: Path) -> Opens:
    """A table of PNG files, two of which are in two rows, and one a link."""
    columns = cohort_columns(root / "data")
    columns["file"][3] = columns["file"][2]
    (root / "data/images/005.png").rename(root / "elsewhere.png")
    (root / "data/images/005.png").symlink_to(root / "elsewhere.png")
    write_rows(root / "data/table.csv", columns)
    groups = TableColumns(attributes=("sex", "scanner"))
    return lambda **options: TableSplit(root / "data/table.csv", "test", groups, **options)


def masked(root: Path) -> Opens:
    """DICOM files without an ending, one of them a PNG, and masks as npy and PNG files."""
    pydicom = pytest.importorskip("pydicom")
    (root / "data").mkdir()
    for i in range(4):
        tags: dict[str, Any] = {"PatientSex": "FM"[i % 2], "PatientAge": f"0{40 + i}Y"}
        tags |= {"PixelSpacing": [0.5, 0.25]}
        pixels = np.arange(80, dtype=np.uint8).reshape(10, 8) + i
        write_dicom(pydicom, root / f"data/image{i}", pixels, **tags)
        mask = noise(i, (10, 8)) % 3
        np.save(root / f"data/{i}.npy", mask)
        Pillow.fromarray(mask).save(root / f"data/{i}.png")
    masks = ["0.npy", "1.npy", "2.png", "3.png"]
    columns = {"file": [f"image{i}" for i in range(4)], "mask": masks, "site": ["a", "b"] * 2}
    write_rows(root / "data/table.csv", columns)
    groups = TableColumns(
        attributes=("PatientSex",), mask_values={0: "background", 1: "rim", 2: "cup"}
    )
    table = root / "data/table.csv"
    return lambda **options: TableSplit(table, "test", groups, masks=True, **options)


def radiographs(root: Path) -> Opens:
    """Two sites, whose pictures lie in different folders."""
    rows = [f"train/patient0000{i}/view.png,{i % 2},{i % 3},1,0" for i in range(3)]
    write_chest(root / "data", "meta_chexpert_race_test", rows)
    write_chest(
        root / "data", "meta_mimic_race_test", ["p10/p10000032/s5/2.png,1,0,0,1"], "files_336p"
    )
    return lambda **options: FairFedMedChest(root / "data", "test", **options)


def squashed(root: Path) -> Opens:
    """The same, of one size."""
    opened = radiographs(root)
    return lambda **options: opened(shape=(6, 8), **options)


def whole(split: Any) -> dict[str, Any]:
    """Everything that a split says, with its images, and without labels where it has masks."""
    labels = np.zeros(0) if split.labels is None else split.labels
    found = said(type("Shown", (), {**split.__dict__, "labels": labels, "skipped": split.skipped,
                                    "fingerprint": lambda _: split.fingerprint()})())  # fmt: skip
    samples = [split.read(i) for i in range(len(split))]
    images = [(s.image.tolist(), np.asarray(s.target).tolist()) for s in samples]
    return {**found, "images": images, "notes": split.notes}


@pytest.mark.parametrize("layout", [labelled, masked, radiographs, squashed])
def test_a_second_opening_reads_no_picture(
    layout: Callable[[Path], Opens], tmp_path: Path, read: list[str]
) -> None:
    opened = layout(tmp_path)
    read.clear()
    expected = whole(opened(index=False))
    assert read
    assert not folder().exists()
    assert whole(opened()) == expected
    read.clear()
    split = opened()
    assert read == []
    assert whole(split) == expected


def test_changed_and_exchanged_pictures_are_noticed(tmp_path: Path, read: list[str]) -> None:
    opened = labelled(tmp_path)
    first = whole(opened())
    one, two, link = (tmp_path / f"data/images/{n}.png" for n in ("001", "002", "005"))
    stat = one.stat()
    content = one.read_bytes()
    one.write_bytes(content[:-1] + b"?")  # of the same size, with the time that it had before
    os.utime(one, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    Pillow.fromarray(noise(77, (12, 8))).save(tmp_path / "new.png")
    (tmp_path / "new.png").replace(two)
    link.unlink()
    link.symlink_to(two)
    read.clear()
    changed = opened()
    assert {*read} == {"001.png", "002.png", "005.png"}
    assert whole(changed) == whole(opened(index=False))
    differs = [a != b for a, b in zip(first["checksums"], changed.image_checksums, strict=True)]
    assert differs == [True, False, True, True, True]  # s1 to s5 are rows 5 to 1
    read.clear()
    opened()
    assert read == []


def test_radiographs_that_change_are_noticed(tmp_path: Path) -> None:
    opened = radiographs(tmp_path)
    before = opened().fingerprint()
    Pillow.fromarray(noise(5)).save(tmp_path / "data/train/patient00001/view.png")
    assert opened().fingerprint() == opened(index=False).fingerprint() != before


def test_broken_files_are_read_again_each_time(tmp_path: Path, read: list[str]) -> None:
    opened = labelled(tmp_path)
    (tmp_path / "data/images/001.png").write_bytes(b"no picture")
    (tmp_path / "data/images/004.png").unlink()
    expected = opened(index=False, on_error="skip")
    opened(on_error="skip")
    read.clear()
    split = opened(on_error="skip")
    assert {*read} == {"001.png"}
    assert split.skipped == expected.skipped != []
    assert split.shapes == expected.shapes
    assert () in split.shapes
    with pytest.raises(DataError, match="row 5: no file"):
        opened()


def test_what_a_window_or_other_decoders_make_of_files_is_not_shared(
    tmp_path: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(3):
        Pillow.fromarray(noise(i).astype(np.uint16) * 9).save(tmp_path / f"{i}.png")
    names: dict[str, list[Any]] = {
        "file": [f"{i}.png" for i in range(3)],
        "target": [0, 1, 1],
        "sex": ["F", "M", "F"],
    }
    table = write_rows(tmp_path / "table.csv", names)
    assert set(TableSplit(table, "test", TableColumns(attributes=("sex",))).shapes) == {()}
    columns = TableColumns(attributes=("sex",), window=(0.0, 4000.0))
    for _ in range(2):
        assert set(TableSplit(table, "test", columns).shapes) == {(10, 8)}
    read.clear()
    monkeypatch.setattr(table_index, "decoders", lambda: "others")
    TableSplit(table, "test", columns)
    assert {*read} == {*names["file"]}


@pytest.mark.parametrize("value", [None, "00", -1, [], {"PatientSex": 1}, [0.5]])
@pytest.mark.parametrize("layout", [labelled, masked, radiographs])
def test_odd_values_behind_a_right_checksum_break_nothing(
    value: object, layout: Callable[[Path], Opens], tmp_path: Path
) -> None:
    opened = layout(tmp_path)
    expected = opened()
    for path in folder().iterdir():
        content = path.read_bytes()
        width = len(json.loads(content.split(b"\n", 1)[0]))
        if (value, width) == (None, 5):
            continue  # of a file that is no DICOM
        for column in range(4, width):

            def change(columns: Any, column: int = column) -> Any:
                odd = [value] * len(columns[0])
                return [*columns[:column], odd, *columns[column + 1 :]]

            path.write_bytes(sealed(change)(content))
            split = opened()
            assert split.fingerprint() == expected.fingerprint()
            assert list(split.shapes) == list(expected.shapes)


def test_a_broken_index_and_one_that_cannot_be_kept_are_told(tmp_path: Path, cache: Path) -> None:
    opened = masked(tmp_path)
    expected = whole(opened())
    damaged = sorted(folder().iterdir())
    assert len(damaged) == 4  # images, masks, tags and distances
    damaged[1].write_bytes(damaged[1].read_bytes()[:-9])
    split = whole(opened())
    note = split["notes"][-1]
    assert "no index that can be read" in note
    assert {**split, "notes": split["notes"][:-1]} == expected
    for path in damaged:
        path.unlink()
    folder().rmdir()
    folder().write_text("no folder")
    notes = opened().notes
    assert len(notes) == len(expected["notes"]) + 1
    assert "opening it takes as long next time" in notes[-1]
