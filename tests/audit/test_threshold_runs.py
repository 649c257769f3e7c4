"""`--threshold-runs`: both intervals of every number in every file, and what is refused."""

import re
from pathlib import Path

import pytest
from scored_files import cohort, document, report, rows, write_csv

from audit.beside_flags import BesideFlags
from audit.cli import run
from audit.options import AnalysisOptions, Options
from fairness.errors import UsageError

pytest_plugins = ["scored_cohort"]


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on validation, `val`, and the threshold that it chose."""
    folder = tmp_path_factory.mktemp("tuned")
    found = cohort(300, seed=7)
    other = {name: [f"v{word}" for word in found[name]] for name in ("id", "patient")}
    source = write_csv(folder / "val.csv", {**found, **other})
    assert report(source, folder / "val") == 0
    out = ["--out", str(folder / "threshold.json")]
    assert run(["threshold", "--from", str(source), *out]) == 0
    return folder


@pytest.fixture(scope="module")
def audited(source: Path, tuned: Path) -> Path:
    flags = ("--threshold", tuned / "threshold.json", "--threshold-runs", tuned / "val")
    assert report(source, tuned / "out", *flags) == 0
    return tuned / "out"


def test_both_intervals_stand_side_by_side(audited: Path) -> None:
    found, raw = document(audited)["beside"]["chosen"], rows(audited)
    assert {one["attribute"] for one in found["rows"]} == {"overall", "race", "gender"}
    for one in found["rows"]:
        row = raw[one["attribute"], one["group"], one["metric"]]
        assert one["value"] == pytest.approx(row["value"])
        assert (one["fixed_low"], one["fixed_high"]) == (row["low"], row["high"])
        assert one["low"] < one["fixed_low"] < one["fixed_high"] < one["high"]
    contrasts = {
        (c["metric"], c["group_a"], c["group_b"]): c for c in document(audited)["contrasts"]
    }
    for one in found["pairs"]:
        fixed = contrasts[one["metric"], one["group_a"], one["group_b"]]
        assert (one["fixed_low"], one["fixed_p"]) == (fixed["low"], fixed["p"])
        assert one["low"] < one["fixed_low"] < one["fixed_high"] < one["high"]
        assert (one["p"] < 0.05) == (one["low"] > 0 or one["high"] < 0)
    names = {(one["attribute"], one["metric"]) for one in found["largest"]}
    assert ("gender", "equalized_odds_difference") in names
    for one in found["largest"]:
        assert one["low"] <= one["value"] <= one["high"]
        of_metric = [
            abs(pair["value"])
            for pair in found["pairs"]
            if pair["attribute"] == one["attribute"]
            and pair["metric"] in ("true_positive_rate", "false_positive_rate")
        ]
        if one["metric"] == "equalized_odds_difference":
            assert one["value"] == pytest.approx(max(of_metric))


def test_every_file_has_them(audited: Path) -> None:
    folder = audited / "report"
    for name in ("chosen_threshold", "chosen_threshold_pairs", "chosen_threshold_gaps"):
        assert (folder / f"{name}.csv").read_text().startswith("attribute,")
    for name in ("report.md", "report.html"):
        text = (folder / name).read_text()
        assert "Intervals that know of the choice of the threshold" in text
        assert "chosen by youden on 300 patients" in text


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--threshold", "0.4"), "the threshold was given as a number, nothing was chosen"),
        (("--name", "other"), "it is of predictions, or of other weights of it, and other"),
        (("--threshold-runs", "out"), "600 of its patients are audited, too"),
        (("--threshold-runs", "val,val"), "300 of its patients are audited, too, or in another"),
        (("--threshold-runs", "half"), "chooses .* there, not"),
        (("--threshold-runs", "masks"), "not of a classifier of two classes"),
        (("--threshold-runs", "nowhere"), "No such file"),
        (("--weight", "age"), "--weight and --threshold-runs cannot be had together"),
    ],
)
def test_other_runs_are_refused(
    source: Path,
    tuned: Path,
    audited: Path,
    tmp_path: Path,
    flags: tuple[str, str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name, value = flags
    if value == "half":
        found = cohort(150, seed=8)
        other = {key: [f"h{word}" for word in found[key]] for key in ("id", "patient")}
        assert report(write_csv(tuned / "half.csv", {**found, **other}), tuned / "half") == 0
    if value == "masks":
        few = {"id": [f"m{i}" for i in range(30)], "race": ["A", "B"] * 15}
        scores = {"lung_dice": [0.5 + i / 100 for i in range(30)]}
        assert report(write_csv(tuned / "m.csv", {**few, **scores}), tuned / "masks") == 0
    given = {
        "--threshold": str(tuned / "threshold.json"),
        "--threshold-runs": str(audited.parent / "val"),
        name: ",".join(str(tuned / one) for one in value.split(","))
        if name == "--threshold-runs"
        else value,
    }
    words = [word for pair in given.items() for word in pair]
    assert report(source, tmp_path / "refused", *words) in (2, 3)
    assert not (tmp_path / "refused" / "report").exists()
    assert re.search(said, " ".join(capsys.readouterr().err.split()))


def test_a_split_that_chooses_in_the_same_command_is_no_run() -> None:
    analysis = AnalysisOptions(beside=BesideFlags(threshold_runs=("val",)))
    with pytest.raises(UsageError, match="and --threshold-split cannot be had together"):
        Options(analysis, threshold="youden", threshold_split="val")


def test_a_hidden_group_stays_hidden(tuned: Path, tmp_path: Path) -> None:
    found = cohort(600)
    found["race"] = ["Few" if i < 8 else race for i, race in enumerate(found["race"])]
    source = write_csv(tmp_path / "few.csv", found)
    flags = ("--threshold", tuned / "threshold.json", "--threshold-runs", tuned / "val")
    by_model = ("--adjust-for", "age", "--adjust-by", "model")
    assert report(source, tmp_path / "out", *flags, *by_model) == 0
    beside = document(tmp_path / "out")["beside"]
    of_few = [one for one in beside["chosen"]["rows"] if one["group"] == "Few"]
    assert len(of_few) == 5
    assert {one[name] for one in of_few for name in ("value", "low", "fixed_low", "n")} == {None}
    pairs = [*beside["chosen"]["pairs"], *beside["modelled"]]
    assert {one["attribute"] for one in pairs} == {"race", "gender"}
    assert "Few" not in {one[side] for one in pairs for side in ("group_a", "group_b")}
