"""`fair-audit inspect` finds in images and masks what training and audit would refuse."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from audit.content import content_findings, read_content
from fairness.datasets.catalogue import open_split
from fairness.datasets.reader import Split

SIDE = 40


def write(root: Path, name: str, **changes: object) -> None:
    """One file of the training split that is both a FairVLMed's and a FairSeg's."""
    seed = sum(name.encode())
    mask = np.zeros((SIDE, SIDE), np.int64)
    mask[10:30, 10:30], mask[15:25, 15:25] = -1, -2
    values = {
        "slo_fundus": np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE), dtype=np.uint8),
        "disc_cup_mask": mask, "glaucoma": seed % 2, "race": seed % 3, "note": "seen",
        "subject": name,
    }  # fmt: skip
    folder = root / "Training"
    folder.mkdir(parents=True, exist_ok=True)
    kept = {k: np.asarray(v) for k, v in {**values, **changes}.items() if v is not None}
    np.savez(folder / f"{name}.npz", **kept)


def lines_of(root: Path, dataset: str) -> tuple[Split, list[str]]:
    split = open_split(dataset, root, "train", on_error="skip")
    return split, content_findings([read_content(split, Console(file=io.StringIO()))])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"slo_fundus": np.zeros((SIDE, SIDE))}, "holds float64, expected 0..255"),
        ({"slo_fundus": np.full((SIDE, SIDE), 900, np.int16)}, "values 900..900"),
        ({"slo_fundus": np.zeros((3, SIDE, SIDE), np.uint8)}, "shape (3, 40, 40)"),
        ({"slo_fundus": np.array([{}], dtype=object)}, "array of Python objects"),
        ({"race": np.inf}, "infinite"),
        ({"race": np.array([None])}, "array of Python objects"),
    ],
)
@pytest.mark.parametrize("dataset", ["fairvlmed", "fairseg"])
def test_what_a_reader_refuses_is_named_by_file(
    dataset: str, change: dict[str, object], said: str, tmp_path: Path
) -> None:
    for name in ("a", "b", "c"):
        write(tmp_path, name, **(change if name == "b" else {}))
    split, _ = lines_of(tmp_path, dataset)
    ((id_, reason),) = split.skipped
    assert id_ == "b"
    assert said in reason


@pytest.mark.parametrize(("coded", "said"), [(1, "holds 1"), (255.5, "holds 255.5")])
def test_masks_of_other_codes_are_named_by_file(coded: float, said: str, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write(tmp_path, name)
    write(tmp_path, "b", disc_cup_mask=np.full((SIDE, SIDE), coded))
    split, _ = lines_of(tmp_path, "fairseg")
    ((id_, reason),) = split.skipped
    assert id_ == "b"
    assert said in reason


def test_masks_without_disc_or_cup_are_counted(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write(tmp_path, name, disc_cup_mask=np.zeros((SIDE, SIDE)))
    lines = lines_of(tmp_path, "fairseg")[1]
    assert [line.split(":")[1] for line in lines[:2]] == [
        " no mask has a rim", " no mask has a cup"
    ]  # fmt: skip
    write(tmp_path, "a")
    write(tmp_path, "b", disc_cup_mask=np.where(np.eye(SIDE) > 0, -1, 0))
    lines = lines_of(tmp_path, "fairseg")[1]
    assert lines[:2] == ["train: 1 of 3 masks have no rim", "train: 2 of 3 masks have no cup"]


def test_flat_images_other_shapes_and_missing_notes_are_counted(tmp_path: Path) -> None:
    for name in ("a", "b", "c", "d"):
        write(tmp_path, name)
    write(tmp_path, "b", slo_fundus=np.ones((SIDE, SIDE), np.uint8))
    write(tmp_path, "c", slo_fundus=np.random.default_rng(0).integers(0, 256, (50, 60)))
    write(tmp_path, "d", note=None)
    lines = lines_of(tmp_path, "fairvlmed")[1]
    assert "train: 1 images without contrast, such as b" in lines
    assert any("images of 2 shapes, most often 40 x 40 (3), 50 x 60 (1)" in x for x in lines)
    assert any("1 of 4 images have no clinical note" in x for x in lines)


def test_one_class_and_one_group_are_pointed_out(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write(tmp_path, name, glaucoma=1, race=-1 if name == "a" else 2)
    lines = lines_of(tmp_path, "fairvlmed")[1]
    assert "train: glaucoma is 1 for all: no AUC or threshold can be had" in lines
    assert "train: race is White wherever it is known: nothing to compare" in lines


def test_pictures_of_more_than_8_bits_are_named(tmp_path: Path) -> None:
    rows = ["filename,disease_label,race_label,gender_label,age_label"]
    (tmp_path / "x").mkdir()
    for number, depth in enumerate((8, 16, 8, 8)):
        header = struct.pack(">IIBBBBB", 4, 2, depth, 2, 0, 0, 0)
        pixels = np.random.default_rng(number).integers(0, 256, (2, 12 * depth // 8), np.uint8)
        rows_of_pixels = b"".join(b"\0" + row.tobytes() for row in pixels)
        parts = (b"IHDR", header), (b"IDAT", zlib.compress(rows_of_pixels)), (b"IEND", b"")
        content = b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in parts
        )
        (tmp_path / "x" / f"{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + content)
        rows.append(f"x/{number}.png,{number % 2},0,0,0")
    for part in ("train", "val"):
        (tmp_path / f"meta_a_race_{part}.csv").write_text("\n".join(rows) + "\n")
    split, lines = lines_of(tmp_path, "fairfedmed-chest")
    assert [id_ for id_, _ in split.skipped] == ["x/1"]
    assert "more than 8 bits" in split.skipped[0][1]
    assert not any("shapes" in line for line in lines)
