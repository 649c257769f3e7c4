"""`fair-audit report`: every number against a loop over rows, every exit code, every file."""

import json
from pathlib import Path

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame
from scored_files import document, report, rows, write_csv
from sklearn.metrics import recall_score, roc_auc_score

from audit.cli import run

pytest_plugins = ["scored_cohort"]

GOLDEN = json.loads((Path(__file__).parents[2] / "golden/classification_metrics.json").read_text())


@pytest.fixture(scope="module")
def full(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("full") / "run"
    flags = ("--intersect", "race*gender", "--age-bins", "40,60,80", "--control", "site")
    assert report(source, out, *flags) == 0
    return out


def test_attributes_intersections_bins_and_unknown_equal_a_loop_over_the_rows(
    full: Path, columns: dict[str, list[object]]
) -> None:
    found = rows(full)
    y, score = np.array(columns["target"]), np.array(columns["score"])
    race, gender = np.array(columns["race"]), np.array(columns["gender"])
    age = np.array(columns["age"])
    inside = {
        ("race", "Black"): race == "Black",
        ("race", "unknown"): race == "",
        ("race", "all"): race != "",
        ("race*gender", "White * Male"): (race == "White") & (gender == "Male"),
        ("race*gender", "unknown"): race == "",
        ("age", "< 40"): age < 40,
        ("age", "40 to < 60"): (age >= 40) & (age < 60),
        ("age", ">= 80"): age >= 80,
        ("race (unknown as a group)", "not recorded"): race == "",
        ("race | site = 2", "Asian"): (race == "Asian") & (np.array(columns["site"]) == 2),
    }
    for (attribute, group), mask in inside.items():
        row = found[attribute, group, "auc"]
        assert (row["n"], row["n_positive"]) == (mask.sum(), y[mask].sum())
        assert row["value"] == pytest.approx(roc_auc_score(y[mask], score[mask]), abs=1e-12)


def test_report_md_shows_the_pairs_and_what_they_could_show(full: Path) -> None:
    lines = (full / "report" / "report.md").read_text().splitlines()
    pairs = [c for c in document(full)["contrasts"] if c["metric"] == "auc"]
    start = lines.index("## Pairs of groups: AUC") + 4
    assert len(pairs) > 3
    for line, c in zip(lines[start : start + len(pairs)], pairs, strict=True):
        cells = line.replace("\\", "").strip("| ").split(" | ")
        assert cells[-6] == f"{c['group_a']} - {c['group_b']}"
        assert cells[-5] == f"{c['value']:.3f} [{c['low']:.3f}, {c['high']:.3f}]"
        assert cells[-3] == f"[{c['low_adjusted']:.3f}, {c['high_adjusted']:.3f}]"
        assert cells[-1] == f"{c['mde']:.3f}"


def test_control_strata_equal_fairlearn_s_control_features(
    full: Path, columns: dict[str, list[object]]
) -> None:
    predicted = (np.array(columns["score"]) >= 0.5).astype(int)
    race = np.array(columns["race"])
    frame = MetricFrame(
        metrics=recall_score,
        y_true=np.array(columns["target"])[race != ""],
        y_pred=predicted[race != ""],
        sensitive_features=race[race != ""],
        control_features=np.array(columns["site"])[race != ""],
    )
    found = rows(full)
    for (site, group), expected in frame.by_group.items():
        row = found[f"race | site = {site}", group, "true_positive_rate"]
        assert row["value"] == pytest.approx(expected, abs=1e-12)
    for site, expected in frame.difference().items():
        row = found[f"race | site = {site}", "all", "equal_opportunity_difference"]
        assert row["value"] == pytest.approx(expected, abs=1e-12)


def test_a_second_look_costs_no_test_of_the_first(full: Path, source: Path, tmp_path: Path) -> None:
    assert report(source, tmp_path, "--intersect", "race*gender", "--age-bins", "40,60,80") == 0
    with_strata, without = document(full), document(tmp_path)
    families = with_strata["provenance"]["families"]
    (over,) = [line for line in families if line.startswith("auc_difference")]
    assert over.endswith("each over race, gender, age, race*gender (Holm)")  # and no stratum
    tests = {
        (c["attribute"], c["metric"]): (c["p"], c["p_adjusted"])
        for c in with_strata["contrasts"]
        if c["metric"].endswith("difference")
    }
    for c in without["contrasts"]:
        if c["metric"].endswith("difference"):
            assert tests[c["attribute"], c["metric"]] == (c["p"], c["p_adjusted"])
    assert tests["race | site = 1", "auc_difference"] == (None, None)
    assert tests["race (unknown as a group)", "auc_difference"] == (None, None)


def test_parquet_of_records_makes_the_same_report(source: Path, tmp_path: Path) -> None:
    assert report(source, tmp_path / "one") == 0
    assert report(tmp_path / "one/records/outcomes.parquet", tmp_path / "two") == 0
    for name in ("groups.csv", "contrasts.csv"):
        files = [(tmp_path / run_ / "report" / name).read_bytes() for run_ in ("one", "two")]
        assert files[0] == files[1]
    shas = [document(tmp_path / r)["provenance"]["data"]["split_sha256"] for r in ("one", "two")]
    assert shas[0] == shas[1]
    assert (tmp_path / "one" / "records").stat().st_mode & 0o777 == 0o700


def test_compat_is_the_original_s_numbers(tmp_path: Path) -> None:
    given, expected = GOLDEN["four_attributes"]["input"], GOLDEN["four_attributes"]["expected"]
    groups = {
        "race": ("Asian", "Black", "White"),
        "gender": ("Female", "Male"),
        "ethnicity": ("Non-Hispanic", "Hispanic"),
        "language": ("English", "Spanish", "Other"),
    }
    columns = {"target": given["y"], "score": given["p"]} | {
        name: ["" if code < 0 else groups[name][code] for code in codes]
        for name, codes in given["attrs"].items()
    }
    source = write_csv(tmp_path / "mini.csv", columns)
    assert report(source, tmp_path, "--compat", "fairclip", "--suppress-below", 0) == 0
    lines = document(tmp_path)["compat"]
    found = {(x["attribute"], x["group"], x["metric"]): x["original"] for x in lines}
    golden = {("overall", "all", "auc"): expected["auc"]}
    golden["overall", "all", "accuracy"] = expected["acc"]
    for i, (name, labels) in enumerate(groups.items()):
        for label, value in zip(labels, expected["auc_by_attr_and_group"][i], strict=True):
            golden[name, label, "auc"] = value
        golden[name, "all", "es_auc"] = expected["es_auc_by_attr"][i]
        golden[name, "all", "es_accuracy"] = expected["es_acc_by_attr"][i]
        golden[name, "all", "demographic_parity_difference"] = expected["dpd_by_attr"][i]
        golden[name, "all", "equalized_odds_difference"] = expected["deodds_by_attr"][i]
        std, widest = expected["std_max_disparity_by_attr"][i]
        golden[name, "all", "std_auc_disparity"] = std
        golden[name, "all", "max_auc_disparity"] = widest
    assert found == {key: f"{value:.4f}" for key, value in golden.items()}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--strict"], "--strict does nothing without margins"),
        (["--baseline", "."], "--baseline does nothing without margins"),
        (["--intersect", "race*race"], "cross two or more of race, gender"),
        (["--intersect", "race*gender,race*gender"], "'race\\*gender' would be reported twice"),
        (["--attributes", "race,race"], "'race' would be reported twice"),
        (["--control", "iop"], "no covariate 'iop'"),
        (["--age-bins", "60,40"], "give ascending edges"),
        (["--confidence", "95"], "--confidence must lie in"),
        (["--compat", "fairclip", "--attributes", "site"], "--compat fairclip needs samples"),
    ],
)
def test_impossible_flags_are_one_line(
    source: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    flags: list[str],
    message: str,
) -> None:
    assert report(source, tmp_path / "out", *flags) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert message.replace("\\", "") in lines[0]


def test_a_served_run_is_not_overwritten(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "records").mkdir()
    (tmp_path / "records/journal.sqlite").touch()
    assert report(source, tmp_path) == 2
    assert "holds the run of a served model" in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], ["report"], ["threshold"], ["inspect"]])
def test_help_is_no_error(command: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run([*command, "--help"])
    assert ended.value.code == 0


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--confidence", "2"), "--confidence must lie"),
        (("--intersect", "race*shoe"), "cross two or more of"),
        (("--compat", "fairseg"), "evaluates segmentation"),
        (("--strict",), "--strict does nothing without margins"),
    ],
)
def test_what_is_refused_writes_nothing(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    flags: tuple[str, ...], message: str,
) -> None:  # fmt: skip
    arguments = ["report", "--from", str(source), "--out", str(tmp_path / "out"), *flags]
    assert run(arguments) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_file_of_two_dice_coefficients_is_enough_for_masks(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    columns = {
        "rim_dice": rng.random(60).tolist(),
        "cup_dice": rng.random(60).tolist(),
        "race": ["Asian", "Black", "White"] * 20,
    }
    assert report(write_csv(tmp_path / "masks.csv", columns), tmp_path / "out") == 0
    found = rows(tmp_path / "out")
    mean = found["overall", "all", "rim_dice"]["value"]
    assert mean == pytest.approx(np.mean(columns["rim_dice"]))
    assert document(tmp_path / "out")["provenance"]["empty_masks"] == {}
