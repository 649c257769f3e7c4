"""`--adjust-for`: adjusted gaps in every file, strata by name, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from scored_files import Columns, document, report, write_csv

pytest_plugins = ["scored_cohort"]


def adjusted(out: Path) -> dict[tuple[str, str, str], dict[str, object]]:
    found = document(out)["beside"]["adjusted"]
    return {(one["metric"], one["group_a"], one["group_b"]): one for one in found}


def test_a_gap_that_sites_make_vanishes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    n = 2000
    site = rng.integers(0, 2, n)
    race = np.where(rng.random(n) < np.where(site == 1, 0.8, 0.2), "Black", "White")
    y = rng.integers(0, 2, n)
    found = rng.random(n) < np.where(site == 1, 0.6, 0.95)
    score = np.where(found, y * 0.6 + 0.1, 0.3) + 0.1 * rng.random(n)
    columns = {
        "target": y.tolist(), "score": score.tolist(), "race": race.tolist(),
        "site": site.tolist(),
    }  # fmt: skip
    source = write_csv(tmp_path / "s.csv", columns)
    assert report(source, tmp_path / "out", "--adjust-for", "site", "--attributes", "race") == 0
    one = adjusted(tmp_path / "out")["true_positive_rate", "Black", "White"]
    assert isinstance(one["raw_high"], float)
    assert isinstance(one["low"], float)
    assert one["raw_high"] < -0.1
    assert one["low"] < 0 < one["high"]  # type: ignore[operator]  # both are numbers
    assert (one["strata"], one["covered"], one["empty"]) == (2, 1.0, [])


def test_files_page_and_markdown_have_it(source: Path, tmp_path: Path) -> None:
    assert report(source, tmp_path / "out", "--adjust-for", "site,age=quantile:2,md=-8/-4") == 0
    folder = tmp_path / "out" / "report"
    assert (folder / "adjusted.csv").read_text().startswith("attribute,metric,group_a,group_b,raw")
    for name in ("report.md", "report.html"):
        assert "Adjusted gaps" in (folder / name).read_text()
    for one in adjusted(tmp_path / "out").values():
        if one["p"] is not None:
            outside = one["low"] > 0 or one["high"] < 0  # type: ignore[operator]  # numbers
            assert outside == (one["p"] < 0.05)  # type: ignore[operator]  # a number


def test_an_attribute_is_not_adjusted_for_itself(source: Path, tmp_path: Path) -> None:
    assert report(source, tmp_path / "out", "--adjust-for", "gender") == 0
    found = document(tmp_path / "out")["beside"]["adjusted"]
    assert {one["attribute"] for one in found} == {"race"}


def test_many_sites_are_a_sample_of_sites(columns: Columns, tmp_path: Path) -> None:
    sites = {**columns, "site": [i % 6 for i in range(600)]}
    source = write_csv(tmp_path / "s.csv", sites)
    assert report(source, tmp_path / "out", "--adjust-for", "site") == 0
    found = document(tmp_path / "out")["beside"]["over_sites"]
    assert {one["sites"] for one in found} == {6}
    for one in found:
        assert one["low"] < one["value"] < one["high"]
    assert (tmp_path / "out" / "report" / "adjusted_sites.csv").exists()


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("height", "no attribute or covariate 'height'"),
        ("site,site", "comes twice"),
        ("md=-4/-8", "cannot read"),
        ("md=quantile:50,age=quantile:50", "strata, of which most would be empty"),
    ],
)
def test_other_factors_are_refused(
    source: Path, tmp_path: Path, flag: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(source, tmp_path / "out", "--adjust-for", flag) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out" / "report").exists()
