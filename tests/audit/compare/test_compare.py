"""`fair-audit compare`: pairs by id, changes, flips, levelling down, and what it refuses."""

from pathlib import Path

import numpy as np
import pytest
from compare_runs import changed, compare, found, independent_delong, stored
from scipy.stats import norm
from scored_files import cohort

from fairness.statistics.paired_tests import mcnemar_p


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("runs")
    base = cohort(700)
    return {
        "first": stored(folder, base, "first"),
        "lifted": stored(folder, changed(base, "Black", 0.8), "lifted"),
    }


def test_a_run_against_itself_has_no_difference_anywhere(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    assert compare(tmp_path, runs["first"], runs["first"]) == 0
    document = found(tmp_path)
    shown = [c for c in document["changes"] if c["value"] is not None]
    assert len(shown) > 50
    assert {c["value"] for c in shown} == {0.0}
    bounded = [c for c in shown if c["method"]]
    assert {"auc", "accuracy", "brier_score"} <= {c["metric"] for c in bounded}
    assert {c["p"] for c in bounded} == {1.0}
    assert all(c["low"] < 0 < c["high"] for c in bounded)
    assert all(c["low_adjusted"] <= c["low"] and c["high"] <= c["high_adjusted"] for c in bounded)
    bare = {c["metric"]: c["reason"] for c in shown if not c["method"]}
    assert all("no bound" in reason for reason in bare.values())
    assert set(bare) == {"average_precision", "calibration_slope", "calibration_intercept"}
    assert {one["p"] for one in document["delong"]} == {1.0}
    assert {f["positives_gained"] + f["alarms_lost"] for f in document["flips"]} == {0}
    assert {one["said"] for one in document["levelling"]} == {"the gap is as it was"}


def test_changes_flips_and_tests_are_those_of_the_scores(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    assert compare(tmp_path, runs["first"], runs["lifted"]) == 0
    document = found(tmp_path)
    base = cohort(700)
    y, race = np.array(base["target"]), np.array(base["race"])
    old = np.array(base["score"], dtype=float)
    new = np.array(changed(base, "Black", 0.8)["score"], dtype=float)
    inside = race == "Black"
    z = independent_delong(y[inside], new[inside], old[inside])
    (p,) = [one["p"] for one in document["delong"] if one["group"] == "Black"
            and one["attribute"] == "race"]  # fmt: skip
    assert p == pytest.approx(2 * norm.sf(abs(z)), abs=1e-10)
    (flips,) = [f for f in document["flips"] if (f["attribute"], f["group"]) == ("race", "Black")]
    positive = inside & (y == 1)
    gained = int((positive & (new >= 0.5) & (old < 0.5)).sum())
    lost = int((positive & (new < 0.5) & (old >= 0.5)).sum())
    assert (flips["positives_gained"], flips["positives_lost"]) == (gained, lost)
    assert flips["p_positives"] == pytest.approx(mcnemar_p(gained, lost), abs=1e-12)
    (rate,) = [c for c in document["changes"] if (c["attribute"], c["group_a"], c["metric"])
               == ("race", "Black", "true_positive_rate")]  # fmt: skip
    assert rate["value"] == pytest.approx((gained - lost) / positive.sum(), abs=1e-12)
    # Triplets of the same test: where nothing is clustered, the interval inverted is McNemar's.
    assert rate["p"] == pytest.approx(mcnemar_p(gained, lost), abs=1e-10)


@pytest.mark.further
def test_a_worst_group_that_gains_is_lifted_and_a_best_one_that_loses_levelled_down(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    base = cohort(700)
    apart = changed(base, "Black", -0.9)
    before = stored(tmp_path, apart, "apart")
    best = found_best(tmp_path, before)
    lowered = stored(tmp_path, changed(apart, best, -0.9), "lowered")
    for after, said in ((runs["first"], "the worst group gained"), (lowered, "levelled down")):
        assert compare(tmp_path / "out", before, after) == 0
        (race,) = [x for x in found(tmp_path / "out")["levelling"] if x["attribute"] == "race"]
        assert race["worst"] == "Black"
        assert said in race["said"]
        assert race["gap_after"] < race["gap_before"]


def found_best(tmp_path: Path, before: Path) -> str:
    """The race with the highest AUC."""
    assert compare(tmp_path / "same", before, before) == 0
    levelled = found(tmp_path / "same")["levelling"]
    return str(next(x["best"] for x in levelled if x["attribute"] == "race"))


def test_the_page_shows_both_runs_and_runs_nothing(runs: dict[str, Path], tmp_path: Path) -> None:
    assert compare(tmp_path, runs["first"], runs["lifted"]) == 0
    page = (tmp_path / "compare.html").read_text()
    assert "<script" not in page
    assert "lifted against first" in page
    assert len(page) < 2**21


@pytest.mark.further
def test_other_samples_are_refused_or_cut_to_those_in_common(
    runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = {name: values[100:] for name, values in cohort(700).items()}
    part = stored(tmp_path, columns, "part")
    assert compare(tmp_path / "out", runs["first"], part) == 2
    assert "600 of up to 700 samples are in every run" in capsys.readouterr().err
    assert compare(tmp_path / "out", runs["first"], part, "--common") == 0
    assert found(tmp_path / "out")["about"]["n"] == 600
    assert found(tmp_path / "out")["about"]["note"].startswith("100 samples")


def test_another_label_is_named(
    runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = cohort(700)
    columns["target"][3] = 1 - int(str(columns["target"][3]))
    other = stored(tmp_path, columns, "other")
    assert compare(tmp_path / "out", runs["first"], other) == 2
    assert "the label of sample 's0003' is another" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [([], "two runs or more"), (["nowhere", "nowhere"], "No such file or directory")],
)
def test_what_is_no_pair_of_runs_is_one_line(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(tmp_path / "out", *arguments) in (2, 3)
    assert said in capsys.readouterr().err
