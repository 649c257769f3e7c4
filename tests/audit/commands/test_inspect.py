"""`fair-audit inspect`: counts against numpy, and what is wrong with a planted data set."""

from pathlib import Path

import numpy as np
import pytest

from audit.cli import run
from audit.inspection import findings, group_counts
from fairness.datasets.fairvlmed import FairVLMed
from fairness.statistics.power import detectable_auc_gap, detectable_rate_gap
from fairness.synthetic.fairseg import SegRecipe, write_fairseg

PATIENTS = {"train": [1, 1, 2, 3], "val": [4, 5], "test": [5, 6, 7, 1]}


def write(path: Path, image: int, patient: int, race: int, glaucoma: int) -> None:
    pixels = np.random.default_rng(image).integers(0, 256, (12, 8), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        path,
        slo_fundus=pixels,
        glaucoma=glaucoma,
        race=race,
        gender=race % 2,
        ethnicity=-1,
        language=0,
        maritalstatus=0,
        subject=str(patient),
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Patients 1 and 5 cross splits, one image is there three times, one file is bad."""
    number = 0
    for split, folder in (("train", "Training"), ("val", "Validation"), ("test", "Test")):
        for patient in PATIENTS[split]:
            number += 1
            image = 1 if number in (1, 5, 8) else number
            race = -1 if number == 2 else number % 3
            write(tmp_path / folder / f"data_{number:05d}.npz", image, patient, race, number % 2)
    (tmp_path / "Test" / "data_00099.npz").write_bytes(b"no npz")
    return tmp_path


def splits(root: Path) -> list[FairVLMed]:
    return [FairVLMed(root, name, on_error="skip") for name in PATIENTS]


def test_counts_equal_numpy(root: Path) -> None:
    for split in splits(root):
        counts = {(c.attribute, c.group): c for c in group_counts(split)}
        assert ("race", "Asian") in counts
        for (attribute, group), count in counts.items():
            labels = {a.name: a for a in split.attributes}[attribute].groups
            code = -1 if group == "unknown" else labels.index(group)
            inside = split.codes[attribute] == code
            assert count.n == inside.sum()
            assert count.positive == split.labels[inside].sum()
            assert count.patients == len(set(np.array(split.patients)[inside]))
        assert sum(c.n for c in counts.values() if c.attribute == "race") == len(split)


def test_detectable_gaps_rest_on_people(root: Path) -> None:
    """Patient 1 has two images in the training split and counts once for each label."""
    split = splits(root)[0]
    people, y = np.array(split.patients), split.labels
    for count in group_counts(split):
        codes = split.codes[count.attribute]
        labels = {a.name: a for a in split.attributes}[count.attribute].groups
        if count.group == "unknown":
            assert np.isnan(count.auc_gap)
            continue
        inside = codes == labels.index(count.group)
        others = ~inside & (codes >= 0)
        sizes, rest = (
            (len(set(people[rows & (y == 1)])), len(set(people[rows & (y == 0)])))
            for rows in (inside, others)
        )
        assert count.auc_gap == pytest.approx(detectable_auc_gap(sizes, rest), nan_ok=True)


def test_detectable_gaps_are_those_of_the_sizes() -> None:
    # 8 positives and 8 negatives against 40 and 60
    auc, rate = detectable_auc_gap((8, 8), (40, 60)), detectable_rate_gap(8, 40)
    assert 0 < auc < 1
    assert rate == pytest.approx((0.8416 + 1.9600) * np.sqrt(0.16 * (1 / 8 + 1 / 40)), abs=1e-3)


def test_findings_name_what_was_planted(root: Path) -> None:
    lines = findings(splits(root))
    assert any("data_00099" in line and "unusable" in line for line in lines)
    assert "images that repeat another one: 2" in lines
    assert "patients in more than one split: 2" in lines
    assert "train: race unknown for 25.0%" in lines
    assert "train: ethnicity unknown for 100.0%" in lines


def test_the_command_prints_tables_and_findings(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["inspect", str(root)]) == 0
    printed = capsys.readouterr().out
    for text in ("train: 4 images", "test: 4 images", "patients in more than one split: 2"):
        assert text in printed


def test_a_folder_without_splits_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["inspect", str(tmp_path)]) == 3
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "no split can be read" in line
    assert run(["inspect", str(tmp_path), "--dataset", "mnist"]) == 2
    assert "reads no dataset 'mnist'" in capsys.readouterr().err


def test_masks_need_no_target(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_fairseg(tmp_path / "d", SegRecipe(train=4, val=2, test=3, seed=1, size=(96, 112)))
    assert run(["inspect", str(tmp_path / "d"), "--dataset", "fairseg"]) == 0
    printed = capsys.readouterr().out
    for text in ("train: 4 images", "val: 2 images", "test: 3 images"):
        assert text in printed
