"""`fair-audit parity` of models that draw masks, and of those that take the group."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from audit.cli import run
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe

pytest_plugins = ["audit_fixtures"]
pytestmark = pytest.mark.further


def parity(endpoint: str, model: str, root: Path, out: Path, *flags: object) -> int:
    words = ["parity", "--endpoint", endpoint, "--model", model, "--data", root, "--out", out]
    return run([*map(str, (*words, *flags)), "--replicates", "100", "--attributes", "race,gender"])


def found(out: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((out / "parity.json").read_text())
    return document


def test_masks_are_compared_by_the_dice_of_each_case(
    endpoint: str, masks_root: Path, tmp_path: Path
) -> None:
    flags = ("--against-model", "masks")
    assert parity(endpoint, "stricter_masks", masks_root, tmp_path / "out", *flags) == 1
    document = found(tmp_path / "out")
    dice = {}
    for model in ("masks", "stricter_masks"):
        words = ["--model", model, "--data", masks_root, "--out", tmp_path / model]
        quick = ["--no-distances", "--worst", "0", "--replicates", "100"]
        assert run(["--endpoint", endpoint, *map(str, words), *quick]) == 0
        rows = pq.read_table(tmp_path / model / "records" / "outcomes.parquet").to_pydict()
        dice[model] = list(zip(*(rows[f"{s}_dice"] for s in ("rim", "cup", "disc")), strict=True))
    expected = max(
        abs(a - b)
        for one, other in zip(dice["masks"], dice["stricter_masks"], strict=True)
        for a, b in zip(one, other, strict=True)
    )
    (overall,) = [one for one in document["apart"] if one["attribute"] == "overall"]
    assert overall["largest"] == pytest.approx(expected, abs=1e-12)
    assert overall["flips"] is None
    judged = {one["what"] for one in document["checks"]} - {"score"}
    assert judged == {"rim_dice", "cup_dice", "disc_dice"}
    again = ("--reference", tmp_path / "masks")
    assert parity(endpoint, "masks", masks_root, tmp_path / "same", *again) == 0
    assert {one["largest"] for one in found(tmp_path / "same")["apart"]} == {0.0}


def test_a_model_that_takes_the_group_is_compared_as_recorded(
    endpoint: str, split_root: Path, tmp_path: Path
) -> None:
    words = ["--model", "by_group", "--data", split_root, "--out", tmp_path / "run"]
    assert run(["--endpoint", endpoint, *map(str, words), "--replicates", "100"]) == 0
    flags = ("--reference", tmp_path / "run")
    assert parity(endpoint, "by_group", split_root, tmp_path / "same", *flags) == 0
    assert {one["largest"] for one in found(tmp_path / "same")["apart"]} == {0.0}
    assert parity(endpoint, "sound", split_root, tmp_path / "out", *flags) == 1
    (white,) = [one for one in found(tmp_path / "out")["apart"] if one["group"] == "White"]
    assert white["largest"] == pytest.approx(0.1, abs=1e-6)


def test_another_kind_of_reference_or_other_samples_are_refused(
    endpoint: str,
    split_root: Path,
    masks_root: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["--model", "sound", "--data", split_root, "--out", tmp_path / "run"]
    assert run(["--endpoint", endpoint, *map(str, words), "--replicates", "100"]) == 0
    capsys.readouterr()
    flags = ("--reference", tmp_path / "run")
    assert parity(endpoint, "masks", masks_root, tmp_path / "out", *flags) == 2
    assert "the served model is a segmentation" in capsys.readouterr().err
    other = tmp_path / "other"
    write_fairvlmed(other, Recipe(train=2, val=2, test=40, seed=3))
    assert parity(endpoint, "sound", other, tmp_path / "out", *flags) == 2
    said = capsys.readouterr()
    assert "samples are in every run" in said.err
    assert "images in" not in said.out  # nothing was asked
    assert not (tmp_path / "out").exists()
