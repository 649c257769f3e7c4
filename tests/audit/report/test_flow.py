"""Cohort flow, provenance and intersections in report.json, and on its page."""

import platform
from pathlib import Path

import numpy as np
import pytest
import scipy
from scored_files import Columns, cohort, document, report, write_csv

from audit.page.heat import heats
from audit.report.document import read_document

pytest_plugins = ["scored_cohort"]


@pytest.fixture(scope="module")
def out(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flow") / "run"
    assert report(source, folder, "--intersect", "race*gender", "--seed", "7") == 0
    return folder


def test_the_flow_says_whose_group_is_unknown_by_label(out: Path, columns: Columns) -> None:
    flow = document(out)["flow"]
    assert (flow["read"], flow["skipped"], flow["scored"]) == (600, 0, 600)
    unknown = np.array(columns["race"]) == ""
    positive = np.array(columns["target"]) == 1
    (race,) = flow["missing"]
    assert (race["attribute"], race["unknown"]) == ("race", unknown.sum())
    assert race["share_of_positives"] == pytest.approx(unknown[positive].mean(), abs=1e-4)
    assert race["share_of_negatives"] == pytest.approx(unknown[~positive].mean(), abs=1e-4)


def test_few_unknown_have_no_shares(tmp_path: Path) -> None:
    columns = cohort(400)
    columns["race"] = ["" if i < 12 else "AB"[i % 2] for i in range(400)]
    assert report(write_csv(tmp_path / "few.csv", columns), tmp_path / "run") == 0
    missing = {one["attribute"]: one for one in document(tmp_path / "run")["flow"]["missing"]}
    assert missing["race"]["unknown"] == 12
    assert missing["race"]["share_of_positives"] is None
    assert missing["race"]["share_of_negatives"] is None


def test_of_too_few_people_the_flow_tells_no_number(tmp_path: Path) -> None:
    assert report(write_csv(tmp_path / "few.csv", cohort(9)), tmp_path / "run") == 0
    flow = document(tmp_path / "run")["flow"]
    assert (flow["read"], flow["scored"]) == (None, None)


def test_the_provenance_has_command_versions_and_seed(out: Path, source: Path) -> None:
    about = document(out)["provenance"]
    assert about["command"].startswith(f"fair-audit report --from {source} --out {out}")
    assert about["versions"]["python"] == platform.python_version()
    assert about["versions"]["numpy"] == np.__version__
    assert about["versions"]["scipy"] == scipy.__version__
    assert about["statistics"]["seed"] == 7
    assert "--seed 7" in (out / "report" / "report.html").read_text()


def test_every_intersection_has_its_cell_and_the_lowest_most_colour(out: Path) -> None:
    found = read_document(out / "report" / "report.json").report()
    (heat,) = heats(found)
    assert (heat.down, heat.across) == ("race", "gender")
    values = {
        r.group: r.value for r in found.rows if (r.attribute, r.metric) == ("race*gender", "auc")
    }
    cells = {
        f"{name} * {column}": cell
        for name, line in heat.lines
        for column, cell in zip(heat.columns, line, strict=True)
    }
    assert len(cells) == 6
    assert {g: c.value for g, c in cells.items()} == {g: f"{values[g]:.3f}" for g in cells}
    most = max(cells, key=lambda group: cells[group].shade)
    assert values[most] == min(v for g, v in values.items() if g in cells and v is not None)
