"""`fair-audit compare` of several labels and of classes: each label, averages, flips by group."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from compare_runs import compare, found, independent_delong
from scipy.stats import chi2, norm
from scored_files import report, write_csv
from several_files import GRADES, LABELS, Written, write_grades, write_labels
from sklearn.metrics import roc_auc_score

from fairness.arrays import FloatArray

pytestmark = pytest.mark.further

SCORES = tuple(f"p_{label}" for label in LABELS)
CLASSES = tuple(f"p_{grade}" for grade in GRADES)
"""Classes are called as the columns of their scores."""
Kinds = dict[str, tuple[Written, FloatArray, Path, Path]]


def of_labels(written: Written, score: FloatArray) -> dict[str, Any]:
    """The columns of a file of labels."""
    texts = [["" if k < 0 else str(k) for k in column] for column in written.target.T.tolist()]
    return dict(zip((*LABELS, *SCORES), [*texts, *score.T.tolist()], strict=True))


def of_grades(written: Written, score: FloatArray) -> dict[str, Any]:
    """The columns of a file of grades."""
    grades = [CLASSES[k] for k in written.target]
    return dict(zip(("grade", *CLASSES), [grades, *score.T.tolist()], strict=True))


def run_of(folder: Path, columns: dict[str, Any], sex: list[str], *flags: str) -> Path:
    ids = [f"i{i:04}" for i in range(len(sex))]
    source = write_csv(folder.with_suffix(".csv"), {"id": ids, **columns, "sex": sex})
    assert report(source, folder, "--attributes", "sex", *flags) == 0
    return folder


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Kinds:
    """Of labels, and of grades: the file, the new scores, both runs."""
    folder, rng = tmp_path_factory.mktemp("several"), np.random.default_rng(4)
    labels, grades = write_labels(folder), write_grades(folder)
    moved = np.clip(labels.score + rng.normal(0, 0.15, labels.score.shape), 0, 1)
    powers = grades.score ** rng.uniform(0.5, 2.5, grades.score.shape)
    graded = powers / powers.sum(1, keepdims=True)
    several = ("--target", ",".join(LABELS), "--score", ",".join(SCORES))
    flags = (*several, "--threshold", "0.5,Mass=0.4")
    steps = ("--target", "grade", "--score", ",".join(CLASSES), "--ordered")
    pairs = [
        run_of(folder / f"l{k}", of_labels(labels, score), labels.sex, *flags)
        for k, score in enumerate((labels.score, moved))
    ]
    pairs += [
        run_of(folder / f"g{k}", of_grades(grades, score), grades.sex, *steps)
        for k, score in enumerate((grades.score, graded))
    ]
    return {
        "labels": (labels, moved, pairs[0], pairs[1]),
        "grades": (grades, graded, pairs[2], pairs[3]),
    }


@pytest.mark.parametrize("kind", ["labels", "grades"])
def test_a_run_against_itself_has_no_difference_in_any_label(
    kinds: Kinds, tmp_path: Path, kind: str
) -> None:
    run = kinds[kind][2]
    assert compare(tmp_path, run, run) == 0
    document = found(tmp_path)
    shown = [c for c in document["changes"] if c["value"] is not None]
    assert {c["value"] for c in shown} == {0.0}
    firsts = [c for c in shown if c["metric"] in ("auc", "macro_auc", "accuracy")]
    assert {c["p"] for c in firsts} == {1.0}
    assert all(c["low"] < 0 < c["high"] for c in firsts)
    assert {(f["positives_gained"], f["alarms_lost"]) for f in document["flips"]} == {(0, 0)}
    assert {one["said"] for one in document["levelling"]} == {"the gap is as it was"}


def test_each_label_is_tested_as_if_it_were_alone(kinds: Kinds, tmp_path: Path) -> None:
    written, new, *runs = kinds["labels"]
    assert compare(tmp_path, *runs) == 0
    document = found(tmp_path)
    women = np.array(written.sex) == "Female"
    gains = []
    for k, label in enumerate(LABELS):
        known = women & (written.target[:, k] >= 0)
        y, old = written.target[known, k], written.score[known, k]
        place = (label, "sex", "Female")
        (test,) = [t for t in document["delong"] if at(t) == place]
        z = independent_delong(y, new[known, k], old)
        assert test["p"] == pytest.approx(2 * norm.sf(abs(z)), abs=1e-10)
        gains.append(roc_auc_score(y, new[known, k]) - roc_auc_score(y, old))
        (auc,) = [c for c in document["changes"] if at(c) == place and c["metric"] == "auc"]
        assert auc["value"] == pytest.approx(gains[-1], abs=1e-12)
        # Two groups of each of three labels hold together.
        assert auc["p_adjusted"] == pytest.approx(1 - (1 - auc["p"]) ** 6, abs=1e-12)
        cut = 0.4 if label == "Mass" else 0.5
        before, after = old >= cut, new[known, k] >= cut
        (flips,) = [f for f in document["flips"] if at(f) == place]
        gained, lost = ((y == 1) & after & ~before).sum(), ((y == 1) & before & ~after).sum()
        assert (flips["positives_gained"], flips["positives_lost"]) == (gained, lost)
        expected = chi2.sf((gained - lost) ** 2 / (gained + lost), 1)
        assert flips["p_positives"] == pytest.approx(expected, abs=1e-10)
    (mean,) = [
        c for c in document["changes"] if at(c) == ("", "sex", "Female")
        if c["metric"] == "macro_auc"
    ]  # fmt: skip
    assert mean["value"] == pytest.approx(np.mean(gains), abs=1e-12)
    page = (tmp_path / "compare.html").read_text()
    assert all(f"<td>{label}</td>" in page for label in LABELS)


def at(one: dict[str, Any]) -> tuple[str, str, str]:
    """Label, attribute and group."""
    return one["label"], one["attribute"], one.get("group_a") or one["group"]


def test_decisions_between_classes_flip_by_class_and_the_accuracy_is_mcnemars(
    kinds: Kinds, tmp_path: Path
) -> None:
    written, new, *runs = kinds["grades"]
    assert compare(tmp_path, *runs) == 0
    document = found(tmp_path)
    men = np.array(written.sex) == "Male"
    y, before, after = written.target[men], *(s[men].argmax(1) for s in (written.score, new))
    gained, lost = ((after == y) & (before != y)).sum(), ((after != y) & (before == y)).sum()
    (right,) = [
        c for c in document["changes"] if at(c) == ("", "sex", "Male")
        if c["metric"] == "accuracy"
    ]  # fmt: skip
    assert right["value"] == pytest.approx((gained - lost) / men.sum(), abs=1e-12)
    expected = chi2.sf((gained - lost) ** 2 / (gained + lost), 1)
    assert right["p"] == pytest.approx(expected, abs=1e-10)
    flips = {f["label"]: f for f in document["flips"] if at(f)[1:] == ("sex", "Male")}
    found_now = [
        int(((y == k) & (after == k) & (before != k)).sum()) for k in range(len(GRADES))
    ]  # fmt: skip
    assert [one["positives_gained"] for one in flips.values()] == found_now
    assert len(flips) == len(GRADES)


def test_other_labels_and_another_value_of_one_are_named(
    kinds: Kinds, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written, _, first, _ = kinds["labels"]
    columns = of_labels(written, written.score)
    columns["Nodule"][7] = "1" if columns["Nodule"][7] != "1" else "0"
    flags = ("--target", ",".join(LABELS), "--score", ",".join(SCORES))
    other = run_of(tmp_path / "other", columns, written.sex, *flags, "--threshold", "0.5")
    assert compare(tmp_path / "out", first, other) == 2
    assert "the label of sample 'i0007' is another" in capsys.readouterr().err
    flags = ("--target", "Effusion,Mass", "--score", ",".join(SCORES[:2]))
    fewer = run_of(tmp_path / "fewer", columns, written.sex, *flags, "--threshold", "0.5")
    assert compare(tmp_path / "out", first, fewer) == 2
    assert "it is of Effusion, Mass, " in capsys.readouterr().err
    assert compare(tmp_path / "out", first, kinds["grades"][2]) == 2
    assert "it holds a multiclass" in capsys.readouterr().err
