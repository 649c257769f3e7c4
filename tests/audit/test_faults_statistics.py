"""Small files whose verdict or interval once misled, and what each must give."""

import json
from pathlib import Path
from typing import Any

import pytest
from scored_files import report

FAULTS = Path(__file__).parents[3] / "shared" / "faults"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not FAULTS.is_dir(), reason="needs ../shared/faults"),
]
ALL_SHOWN = ("--suppress-positives-below", 0)


def result(tmp_path: Path, name: str, *flags: Any, rules: str = "") -> Any:
    """report.json of a file of the folder, judged by rules where there are any."""
    if rules:
        policy = tmp_path / f"{name}.yaml"
        policy.write_text(f"name: margins\nrules:\n{rules}")
        flags = ("--policy", policy, *flags)
    out = tmp_path / name
    assert report(FAULTS / f"{name}.csv", out, "--attributes", "site", *flags) == 0
    return json.loads((out / "report" / "report.json").read_text())


def rows(document: Any, metric: str) -> dict[str, Any]:
    found = {r["group"]: r for r in document["rows"] if r["metric"] == metric}
    assert found
    return found


GAPS = """
  - {metric: auc_difference, attribute: site, scope: gap, max: 0.3}
  - {metric: equalized_odds_difference, attribute: site, scope: gap, max: 0.3}
"""


@pytest.mark.parametrize("flags", [(), ALL_SHOWN])
def test_p_belongs_to_the_printed_gap(tmp_path: Path, flags: tuple[Any, ...]) -> None:
    document = result(tmp_path, "stat_pmis2", *flags)
    gaps = [c for c in document["contrasts"] if c["metric"] == "equalized_odds_difference"]
    small = [c for c in gaps if "C" in (c["group_a"], c["group_b"])]
    assert all(c["p"] is None for c in small)
    assert bool(small) == bool(flags)  # C is shown only if few positives may be


def test_separated_groups_of_12_are_not_surely_perfect(tmp_path: Path) -> None:
    document = result(tmp_path, "stat_perf")
    scaled, of_groups = rows(document, "es_auc")["all"], rows(document, "auc")
    least = min(of_groups[site]["low"] for site in ("A", "B"))
    assert least == pytest.approx(0.758, abs=1e-3)
    assert scaled["low"] <= least
    assert scaled["value"] == scaled["high"] == 1


def test_a_small_group_that_did_not_change_has_not_passed(tmp_path: Path) -> None:
    result(tmp_path, "stat_old", *ALL_SHOWN)
    rules = "".join(
        f"  - {{metric: {metric}, attribute: site, change: true, min: -0.05}}\n"
        for metric in ("true_positive_rate", "auc")
    )
    flags = ("--baseline", tmp_path / "stat_old", *ALL_SHOWN)
    document = result(tmp_path, "stat_new", *flags, rules=rules)
    small = [c for c in document["checks"] if c["group"] == "S"]
    assert {c["metric"]: c["value"] for c in small}["change of true_positive_rate"] == 0
    assert len(small) == 2
    for check in small:
        assert check["high"] - check["low"] > 0.1
        assert check["verdict"] == "INCONCLUSIVE"


def test_a_group_of_one_class_is_missed(tmp_path: Path) -> None:
    document = result(tmp_path, "stat_onecl", *ALL_SHOWN, rules=GAPS)
    assert [c["verdict"] for c in document["checks"]] == ["INCONCLUSIVE"] * 2
    assert all("without Z" in c["reason"] for c in document["checks"])


def test_half_unknown_may_change_everything(tmp_path: Path) -> None:
    document = result(tmp_path, "stat_unknown", rules=GAPS)
    assert [c["verdict"] for c in document["checks"]] == ["INCONCLUSIVE"] * 2
    for check in document["checks"]:
        assert "at worst, wherever the 3000 of unknown group belong" in check["reason"]


def test_logits_cut_where_asked_say_what_they_say(tmp_path: Path) -> None:
    """Any threshold that the user gives is taken, and one-sided groups are warned of."""
    rules = "  - {metric: equalized_odds_difference, attribute: site, scope: gap, max: 0.3}\n"
    document = result(tmp_path, "stat_logit", "--threshold", "1000", rules=rules)
    (check,) = document["checks"]
    assert check["verdict"] == "INCONCLUSIVE"
    assert "every score is below the threshold" in check["reason"]
    text = (tmp_path / "stat_logit" / "report" / "report.md").read_text()
    assert "WARNING: no score reaches the threshold in overall" in text
