"""Faults of a served model of masks and of its data: each is one line, or counted."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from fair_audit_runs import audit, failure

from fairness.datasets.fairseg import FairSeg

pytest_plugins = ["audit_fixtures"]

QUICK = ("--replicates", 100, "--suppress-below", 2)


def skipped(out: Path) -> int:
    document = json.loads((out / "report" / "report.json").read_text())
    return int(document["provenance"]["data"]["n_skipped"])


@pytest.mark.parametrize(
    ("model", "code", "message"),
    [
        ("class_three", 3, r"the model answered class 3 for sample data_000\d\d, known are 0"),
        (
            "narrow_masks",
            3,
            r"answered shape \(4, 96, 50\) for samples data_000\d\d\.\.data_000\d\d,",
        ),
        ("float_masks", 3, r"output 'mask' is FP32 \[-1, 96, 112\], fair-audit needs UINT8"),
        ("other_size", 3, r"data_000\d\d: an image of \(96, 112\), where \(\d+, \d+\) is needed"),
        ("not_the_exported_masks", 3, "is not the exported one: its probes differ by"),
    ],
)
def test_a_faulty_model_is_one_line(
    endpoint: str, masks_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    model: str, code: int, message: str,
) -> None:  # fmt: skip
    flags = ("--model", model, "--data", masks_root, "--out", tmp_path / "run")
    line = failure(capsys, code, endpoint, *flags)
    assert re.search(message, line), line


@pytest.mark.further
def test_images_of_another_size_are_counted_as_skipped(
    endpoint: str, masks_root: Path, tmp_path: Path
) -> None:
    root = tmp_path / "data"
    shutil.copytree(masks_root, root)
    odd = FairSeg(root, "test").ids[3]
    with np.load(root / f"{odd}.npz") as stored:
        arrays = dict(stored)
    for name in ("slo_fundus", "disc_cup_mask"):
        arrays[name] = arrays[name][:, :100]
    np.savez(root / f"{odd}.npz", **arrays)
    flags = ("--model", "stricter_masks", "--data", root, "--on-error", "skip", *QUICK)
    assert audit(endpoint, *flags, "--out", tmp_path / "run") == 0
    assert skipped(tmp_path / "run") == 1
    (line,) = (tmp_path / "run" / "records" / "skipped.csv").read_text().splitlines()[1:]
    assert line.startswith(f"{odd},")
    assert "an image of (96, 100), where (96, 112) is needed" in line


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (("--threshold", "0.5"), 2, "--threshold: the model draws masks, it has none"),
        (("--compat", "fairclip", *QUICK), 2, "--compat fairclip evaluates classification"),
        (("--worst", "-1"), 2, "--worst must not be negative"),
        (("--attributes", "rase"), 2, "has no attribute 'rase' (it has: race, gender"),
        (("--control", "wealth"), 2, "the data have no covariate 'wealth'"),
        (("--intersect", "race*shoe"), 2, "--intersect race*shoe: cross two or more of"),
        (("--policy", "nowhere.yaml"), 2, "nowhere.yaml"),
    ],
)
def test_what_makes_no_sense_of_masks_is_one_line(
    endpoint: str, masks_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    flags: tuple[object, ...], code: int, message: str,
) -> None:  # fmt: skip
    common = ("--model", "stricter_masks", "--data", masks_root, "--worst", 0)
    arguments = (*common, "--out", tmp_path / "run", *flags)
    assert audit(endpoint, *arguments) == code
    assert message in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "run").exists(), "refused before anything was sent"


def test_a_file_without_a_mask_is_named_or_counted(
    endpoint: str, masks_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "data"
    root.mkdir()
    for file in masks_root.glob("*.npz"):
        (root / file.name).symlink_to(file)
    (root / "lists").symlink_to(masks_root / "lists")
    broken = root / "data_00007.npz"
    with np.load(broken) as arrays:
        kept = {key: arrays[key] for key in arrays.files if key != "disc_cup_mask"}
    broken.unlink()
    np.savez(broken, **kept)
    flags = ("--model", "masks", "--data", root, "--worst", 0, "--no-distances", *QUICK)
    line = failure(capsys, 3, endpoint, *flags, "--out", tmp_path / "stopped")
    assert re.search(r"data_00007\.npz: no array 'disc_cup_mask'", line), line
    assert audit(endpoint, *flags, "--on-error", "skip", "--out", tmp_path / "skipped") == 0
    assert skipped(tmp_path / "skipped") == 1
    assert "data_00007" in (tmp_path / "skipped" / "records" / "skipped.csv").read_text()
