"""`--adjust-by model`: gaps that a covariate makes, every file, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from scored_files import document, report, write_csv

pytest_plugins = ["scored_cohort"]


def test_a_gap_that_a_covariate_makes_vanishes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    n = 3000
    race = np.where(rng.random(n) < 0.5, "Black", "White")
    depth = rng.normal(size=n) + np.where(race == "Black", 1.0, 0.0)
    y = rng.integers(0, 2, n)
    found = rng.random(n) < 1 / (1 + np.exp(depth - 2))
    columns = {
        "target": y.tolist(), "score": np.where(found & (y == 1), 0.9, 0.1).tolist(),
        "race": race.tolist(), "depth": depth.tolist(),
    }  # fmt: skip
    source = write_csv(tmp_path / "s.csv", columns)
    flags = ("--adjust-for", "depth", "--adjust-by", "model", "--attributes", "race")
    assert report(source, tmp_path / "out", *flags) == 0
    beside = document(tmp_path / "out")["beside"]
    one = next(m for m in beside["modelled"] if m["metric"] == "true_positive_rate")
    assert one["raw_high"] < -0.05
    assert one["low"] < 0 < one["high"]
    assert (one["p"] < 0.05) == (one["low"] > 0 or one["high"] < 0)
    assert one["ridge"] == 0
    rates = {m["metric"]: m for m in beside["modelled"]}
    assert "auc" not in rates
    # Nobody is found by mistake: no finite fit, and no number of nothing.
    assert rates["false_positive_rate"]["ridge"] > 0
    folder = tmp_path / "out" / "report"
    assert "depth (as a line)" in (folder / "report.md").read_text()
    assert "Gaps adjusted by a model" in (folder / "report.html").read_text()
    assert (folder / "adjusted_by_model.csv").read_text().startswith("attribute,metric,group_a")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--adjust-by", "model"), "name what to adjust for with --adjust-for"),
        (("--adjust-by", "model", "--adjust-for", "height"), "no attribute or covariate 'height'"),
        (("--adjust-by", "model", "--adjust-for", "md,md"), "'md' comes twice"),
        (("--adjust-by", "model", "--adjust-for", "md=-4/-8"), "cannot read"),
    ],
)
def test_other_terms_are_refused(
    source: Path,
    tmp_path: Path,
    flags: tuple[str, ...],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert report(source, tmp_path / "out", *flags) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out" / "report").exists()
