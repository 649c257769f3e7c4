"""`fair-audit` of a real server that draws masks: every number, every fault, the pictures."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from fair_audit_runs import answered, audit
from PIL import Image as Picture
from served_masks import drawn

from audit.records.masks import overlay
from fairness.arrays import FloatArray
from fairness.compat.fairseg import compat_fairseg
from fairness.datasets.fairseg import FairSeg
from fairness.datasets.stream import samples
from fairness.mask_scores import score_masks

pytest_plugins = ["audit_fixtures"]

QUICK = ("--replicates", 100, "--suppress-below", 2)


@pytest.fixture(scope="module")
def split(masks_root: Path) -> FairSeg:
    return FairSeg(masks_root, "test")


@pytest.fixture(scope="module")
def expected(split: FairSeg) -> dict[str, FloatArray]:
    """The scores of the served masks, by numpy."""
    found = list(samples(split))
    images = np.stack([s.image for s in found])
    return score_masks(drawn(images), np.stack([np.asarray(s.target) for s in found]))


@pytest.fixture(scope="module")
def finished(endpoint: str, masks_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("masks") / "run"
    flags = ("--model", "masks", "--data", masks_root, "--keep-masks", "--worst", 2, *QUICK)
    assert audit(endpoint, *flags, "--compat", "fairseg", "--out", out) == 0
    return out


def document(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "report" / "report.json").read_text())
    return found


def values(out: Path) -> dict[tuple[str, str, str], float | None]:
    """(attribute, group, metric) to value."""
    rows = document(out)["rows"]
    return {(r["attribute"], r["group"], r["metric"]): r["value"] for r in rows}


def test_the_report_equals_the_scores_of_the_same_masks(
    finished: Path, split: FairSeg, expected: dict[str, FloatArray]
) -> None:
    found = values(finished)
    masks = {"all": np.ones(len(split), dtype=bool)}
    masks |= {g: split.codes["gender"] == code for code, g in enumerate(("Female", "Male"))}
    for group, inside in masks.items():
        place = ("overall" if group == "all" else "gender", group)
        for name, column in expected.items():
            chosen = column[inside]
            value = found[*place, name]
            if np.isfinite(chosen).any():
                assert value == pytest.approx(np.nanmean(chosen), abs=1e-9), (group, name)
            else:
                assert value is None
        for name in ("rim_dice", "cup_dice", "disc_dice"):
            tail = found[*place, f"{name}_tail"]
            assert tail == pytest.approx((expected[name][inside] < 0.5).mean(), abs=1e-9)
    # Masks that were all right or all wrong would prove nothing.
    assert 0.1 < (expected["cup_dice"] < 0.5).mean() < 0.9


def test_gaps_and_equity_scaled_scores_are_those_of_the_groups(
    finished: Path, split: FairSeg, expected: dict[str, FloatArray]
) -> None:
    found = values(finished)
    assert (split.codes["gender"] >= 0).all()
    groups = [expected["rim_dice"][split.codes["gender"] == code].mean() for code in (0, 1)]
    overall = expected["rim_dice"].mean()
    scaled = overall / (1 + sum(abs(value - overall) for value in groups))
    assert found["gender", "all", "es_rim_dice"] == pytest.approx(scaled, abs=1e-9)
    assert found["gender", "all", "rim_dice_worst"] == pytest.approx(min(groups), abs=1e-9)
    gap = max(groups) - min(groups)
    assert found["gender", "all", "rim_dice_difference"] == pytest.approx(gap, abs=1e-9)


def test_the_report_shows_rim_cup_and_disc_and_names_no_sample(
    finished: Path, split: FairSeg
) -> None:
    text = (finished / "report" / "report.md").read_text()
    for label in ("rim Dice", "cup Dice", "disc Dice", "cup < 0.5", "ES rim Dice", "rim HD95"):
        assert label in text, label
    assert "masks version 1 (verified)" in text
    assert document(finished)["provenance"]["threshold"] is None
    names = {file.name for file in (finished / "report").rglob("*")}
    texts = {"report.json", "report.md", "report.html", "model_card.md", "MANIFEST.sha256"}
    texts |= {"chai.xml"}
    assert names == {*texts, "groups.csv", "contrasts.csv"}
    for file in (finished / "report").iterdir():
        assert not any(id_ in file.read_text() for id_ in split.ids), file


def test_the_originals_numbers_stand_beside_ours(
    finished: Path, split: FairSeg, expected: dict[str, FloatArray]
) -> None:
    patients = np.array(split.patients)
    theirs = compat_fairseg(expected, split.attributes, split.codes, patients, 2)
    shown = {(c["attribute"], c["group"], c["metric"]): c for c in document(finished)["compat"]}
    assert len(shown) == len(theirs)
    line = shown["gender", "Male", "cup_dice"]
    (number,) = [
        c.original for c in theirs if (c.attribute, c.group, c.metric) == tuple(line.values())[:3]
    ]
    assert line["original"] == f"{number:.4f}"
    assert line["ours"] == f"{values(finished)['gender', 'Male', 'cup_dice']:.4f}"


def test_records_hold_every_score_and_mask_privately(
    finished: Path, split: FairSeg, expected: dict[str, FloatArray]
) -> None:
    table = pq.read_table(finished / "records" / "outcomes.parquet")
    assert table["id"].to_pylist() == list(split.ids)
    for name, column in expected.items():
        np.testing.assert_allclose(table[name].to_numpy(), column, rtol=0, atol=1e-12)
    assert "target" not in table.column_names
    folder = finished / "records" / "masks"
    assert {file.stem for file in folder.iterdir()} == set(split.ids)
    for i in (0, 41):
        mask = np.asarray(Picture.open(folder / f"{split.ids[i]}.png"))
        np.testing.assert_array_equal(mask, drawn(split.read(i).image[None])[0])
    for place in (finished / "records", *(finished / "records").rglob("*")):
        assert place.stat().st_mode & 0o777 == (0o700 if place.is_dir() else 0o600), place


def test_the_worst_of_each_group_are_drawn_and_nothing_else_is(
    finished: Path, split: FairSeg, expected: dict[str, FloatArray]
) -> None:
    dice = (expected["rim_dice"] + expected["cup_dice"]) / 2
    for code, group in enumerate(("Female", "Male")):
        rows = np.flatnonzero(split.codes["gender"] == code)
        worst = rows[np.argsort(dice[rows], kind="stable")][:2]
        folder = finished / "records" / "worst" / "gender" / group
        names = [f"{rank}_{split.ids[i]}.png" for rank, i in enumerate(worst, start=1)]
        assert sorted(file.name for file in folder.iterdir()) == names
        sample = split.read(int(worst[0]))
        mine = overlay(sample.image, np.asarray(sample.target), drawn(sample.image[None])[0])
        shown = np.asarray(Picture.open(folder / names[0]))
        np.testing.assert_array_equal(shown, np.asarray(mine))
    page = (finished / "records" / "cases.html").read_text()
    assert f"mean Dice {dice.min():.3f}" in page
    assert "cup, prediction" in page
    ids = re.findall(r'alt="case ([^"]+)"', page)
    assert len(ids) == len(set(ids)) > 2


@pytest.mark.further
def test_a_killed_run_resumed_is_byte_for_byte_the_undisturbed_one(
    endpoint: str, masks_root: Path, tmp_path: Path, finished: Path
) -> None:
    out = tmp_path / "run"
    flags = ("--model", "masks", "--data", str(masks_root), *map(str, QUICK), "--worst", "0")
    code = "import sys; from audit.cli import main; main()"
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            code,
            "--endpoint",
            endpoint,
            *flags,
            "--in-flight=1",
            f"--out={out}",
        ],
        stdout=subprocess.DEVNULL,
    )
    journal = out / "records" / "journal.sqlite"
    while answered(journal) == 0:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert 0 < answered(journal) < 80
    assert audit(endpoint, *flags, "--out", out, "--resume") == 0
    assert answered(journal) == 80
    for name in ("groups.csv", "contrasts.csv"):
        assert (out / "report" / name).read_bytes() == (finished / "report" / name).read_bytes()
    assert not (out / "records" / "worst").exists()
    assert not (out / "records" / "masks").exists()


POLICY = """
name: outlines
rules:
  - {metric: rim_dice, attribute: gender, min: 0.999}
  - {metric: es_rim_dice, attribute: gender, scope: gap, min: 0.0}
  - {metric: rim_dice, attribute: gender, change: true, min: -0.9}
"""


@pytest.mark.further
def test_a_policy_that_fails_names_the_group_and_exits_1(
    endpoint: str, masks_root: Path, tmp_path: Path, finished: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "policy.yaml").write_text(POLICY)
    flags = ("--data", masks_root, "--policy", tmp_path / "policy.yaml", "--worst", 0, *QUICK)
    out = tmp_path / "run"
    asked = ("--model", "stricter_masks", "--baseline", finished, "--out", out)
    assert audit(endpoint, *flags, *asked) == 1
    printed = capsys.readouterr().out
    assert re.search("rim_dice of gender Female.* FAIL", printed)
    checks = document(out)["checks"]
    verdicts = {(c["metric"], c["group"]): c for c in checks}
    assert verdicts["rim_dice", "Female"]["verdict"] == "FAIL"
    assert verdicts["es_rim_dice", "all"]["verdict"] == "PASS"
    change = verdicts["change of rim_dice", "Male"]
    before, now = (values(run)["gender", "Male", "rim_dice"] for run in (finished, out))
    assert before is not None
    assert now is not None
    assert change["value"] == pytest.approx(now - before, abs=1e-9)
    assert change["verdict"] == "PASS"


def test_a_baseline_of_other_scores_is_refused(
    endpoint: str, masks_root: Path, tmp_path: Path, finished: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "policy.yaml").write_text(POLICY)
    flags = ("--policy", tmp_path / "policy.yaml", "--baseline", finished, "--worst", 0, *QUICK)
    where = ("--model", "masks", "--data", masks_root, "--out", tmp_path / "run")
    assert audit(endpoint, *where, "--no-distances", *flags) == 2
    assert "only one of the two runs has cup_asd, cup_hd95, " in capsys.readouterr().err
