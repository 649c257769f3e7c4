"""A described model that draws masks, and one whose description has probes, on the real server."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from fair_audit_runs import audit, failure
from PIL import Image as Pillow

from fairness.arrays import Image
from fairness.probes import Probes

pytest_plugins = ["audit_fixtures"]

LEVELS = np.array([51, 128, 204], np.uint8)
"""Grey levels that the served model takes for background, rim and cup."""
SHAPES = ((48, 40), (12, 14), (24, 56))
STRUCTURES = """
task: segmentation
input:
  {name: x, layout: CHW, size: [24, 28], resize: letterbox, fill: 51, filter: nearest,
   normalise: unit}
output: {name: y, holds: class_scores, layout: CHW, classes: {background: 1, rim: 2, cup: 0}}
"""
BYTES = """
task: classification
target: finding
threshold: 0.5
input: {name: x, layout: NHWC, colour: rgb}
output: {name: y, holds: probability, positive: 0}
origin:
  precision: fp32
"""


def blocks(number: int) -> Image:
    """A mask of random blocks of 2 x 2 pixels, which halving and doubling leave as they are."""
    rows, columns = SHAPES[number % 3]
    rng = np.random.default_rng(number)
    small = rng.integers(0, 3, (rows // 2, columns // 2)).astype(np.uint8)
    return np.kron(small, np.ones((2, 2), np.uint8))


def people(folder: Path, colours: bool = False) -> Path:
    """A csv of 30 images, each with the mask that the served model should draw."""
    lines = ["file,mask,sex,finding"]
    for number in range(30):
        mask = blocks(number)
        image = Pillow.fromarray(LEVELS[mask])
        (image.convert("RGB") if colours else image).save(folder / f"i{number:02}.png")
        if number == 0:
            mask[: len(mask) // 2] = 0  # a reference that the model does not know
        Pillow.fromarray(mask).save(folder / f"m{number:02}.png")
        lines.append(f"i{number:02}.png,m{number:02}.png,{'FM'[number % 2]},{number % 2}")
    (folder / "people.csv").write_text("\n".join(lines))
    return folder / "people.csv"


@pytest.mark.parametrize("colour", ["grey", "rgb"])
def test_masks_come_back_to_the_size_of_their_images(
    endpoint: str, tmp_path: Path, colour: str
) -> None:
    spec, out = tmp_path / "model.yaml", tmp_path / "run"
    spec.write_text(STRUCTURES)
    table = people(tmp_path, colours=colour == "rgb")
    flags = ("--model", "foreign_structures", "--spec", spec, "--data", table, "--worst", 1,
             "--attributes", "sex", "--replicates", 100, "--out", out)  # fmt: skip
    assert audit(endpoint, *flags) == 0
    found = pq.read_table(out / "records" / "outcomes.parquet").to_pydict()
    assert len(found["id"]) == 30
    np.testing.assert_array_equal(found["rim_dice"][1:], 1.0)
    np.testing.assert_array_equal(found["cup_dice"][1:], 1.0)
    whole = blocks(0)
    half = whole[len(whole) // 2 :]
    dice = 2 * (half == 1).sum() / ((whole == 1).sum() + (half == 1).sum())
    assert found["rim_dice"][0] == pytest.approx(dice)
    assert [*(out / "records" / "worst").rglob("*i00*.png")] != []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("background: 1", "background: 7", "output.classes: 'y' has 3 classes, counted from 0"),
        ("class_scores", "class_mask", "output.holds: 'y' of model 'foreign_structures' is FP32"),
        ("CHW, classes", "HWC, classes", "output.layout: "),
    ],
)
def test_wrong_masks_are_one_line(
    endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    old: str, new: str, message: str,
) -> None:  # fmt: skip
    spec, table = tmp_path / "model.yaml", people(tmp_path)
    spec.write_text(STRUCTURES.replace(old, new))
    flags = ("--model", "foreign_structures", "--spec", spec, "--data", table,
             "--attributes", "sex", "--out", tmp_path / "run")  # fmt: skip
    assert f"model.yaml line 6, {message}" in failure(capsys, 2, endpoint, *flags)


def with_origin(offset: float) -> dict[str, Any]:
    """Probes whose answers are the mean grey level, plus `offset`."""
    probes = Probes(seed=5, shapes=((16, 24), (8, 8)), expected=(), tolerance=1e-4)
    expected = [[float(np.mean(image)) / 255 + offset] for image in probes.images()]
    return {"seed": 5, "shapes": [[16, 24], [8, 8]], "expected": expected, "tolerance": 1e-4}


def test_a_description_with_probes_is_verified(
    endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, table = tmp_path / "model.yaml", people(tmp_path)
    flags = ("--model", "foreign_bytes", "--spec", spec, "--data", table, "--attributes", "sex",
             "--replicates", 100)  # fmt: skip
    spec.write_text(f"{BYTES}  probes: {json.dumps(with_origin(0.0))}")
    assert audit(endpoint, *flags, "--out", tmp_path / "right") == 0
    report = json.loads((tmp_path / "right" / "report" / "report.json").read_text())
    assert report["provenance"]["model"]["identity"] == "verified"
    assert report["provenance"]["model"]["precision"] == "fp32"
    capsys.readouterr()
    spec.write_text(f"{BYTES}  probes: {json.dumps(with_origin(0.05))}")
    line = failure(capsys, 3, endpoint, *flags, "--out", tmp_path / "wrong")
    assert "its probes differ by 0.05" in line


def test_a_run_is_not_continued_with_another_description(
    endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, table, out = tmp_path / "model.yaml", people(tmp_path), tmp_path / "run"
    flags = ("--model", "foreign_bytes", "--spec", spec, "--data", table, "--attributes", "sex",
             "--replicates", 100, "--out", out)  # fmt: skip
    spec.write_text(BYTES)
    assert audit(endpoint, *flags) == 0
    assert audit(endpoint, *flags, "--resume") == 0
    capsys.readouterr()
    spec.write_text(BYTES.replace("positive: 0", "positive: 1"))
    assert "description_sha256" in failure(capsys, 2, endpoint, *flags, "--resume")
