"""Sections of kinds of report: masks, sites, three ways of asking, and what the words mean."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from made_pages import parity, people, three_ways
from scored_files import cohort, document, report, write_csv

from audit.page.glossary import meaning
from fairness.tasks.binary import TABLES as BINARY
from fairness.tasks.counterfactual import COUNTERFACTUAL
from fairness.tasks.mask_tables import mask_tables
from fairness.tasks.multiclass import TABLES as CLASSES
from fairness.tasks.over_labels import MACRO

pytestmark = pytest.mark.further


class Text(HTMLParser):
    """The text of a page, blanks joined."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def section(page: Path, title: str) -> str:
    """Text of the page from a title on to the next section."""
    whole = page.read_text()
    start = whole.index(f"<summary>{title}")
    depth, place = 1, start
    for found in re.finditer("<(/?)details", whole[start:]):
        depth += -1 if found[1] else 1
        if depth == 0:
            place = start + found.start()
            break
    return " ".join(" ".join(Text(whole[start:place]).parts).split())


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return three_ways(tmp_path_factory.mktemp("ways"), n=600)


def value(rows: list[dict[str, object]], *place: str) -> str:
    row = next(r for r in rows if (r["attribute"], r["group"], r["metric"]) == place)
    return f"{row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"


def test_three_ways_stand_side_by_side(asked: Path) -> None:
    found = json.loads((asked.parent / "report.json").read_text())
    withheld, moved = found["also"]
    text = section(asked, "Recorded, withheld")
    assert "The model takes race as an input" in text
    for place in (("overall", "all"), ("race", "Black"), ("site", "south")):
        told = " ".join(
            (
                value(found["rows"], *place, "auc"),
                value(withheld["rows"], *place, "auc"),
                value(moved["rows"], *place, "counterfactual_spread"),
                value(moved["rows"], *place, "counterfactual_flip"),
            )
        )
        assert told in text


def test_sites_stand_side_by_side_with_groups_inside_each(asked: Path) -> None:
    found = json.loads((asked.parent / "report.json").read_text())
    text = section(asked, "Sites")
    for site in ("north", "south", "east"):
        for metric in ("auc", "true_positive_rate", "brier_score"):
            assert value(found["rows"], "site", site, metric) in text
    assert value(found["rows"], "race | site south", "Black", "auc") in text
    assert value(found["rows"], "site", "all", "auc_difference") in text


def test_without_sites_or_ways_there_is_no_such_section(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "plain.csv", cohort(200))
    assert report(source, tmp_path / "run", "--attributes", "race") == 0
    page = (tmp_path / "run" / "report" / "report.html").read_text()
    for title in ("Sites", "Recorded, withheld", "Failed masks"):
        assert f"<summary>{title}" not in page


def test_masks_have_tails_percentiles_and_histograms(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    people = cohort(400)
    columns = {name: people[name] for name in ("id", "patient", "gender")}
    columns |= {f"{s}_dice": rng.beta(8, 2, 400).tolist() for s in ("lung", "heart")}
    source = write_csv(tmp_path / "masks.csv", columns)
    assert report(source, tmp_path / "run", "--attributes", "gender") == 0
    page = tmp_path / "run" / "report" / "report.html"
    shown = document(tmp_path / "run")["distributions"]
    assert len(shown) == 6  # everybody and two groups, of two structures
    text = section(page, "Failed masks")
    for one in shown:
        tail = next(t for t in one["tails"] if t["limit"] == 0.8)
        share, low, high = (100 * tail[name] for name in ("share", "low", "high"))
        assert f"{share:.1f} % [{low:.1f}, {high:.1f}]" in text
        median = one["percentiles"][-1]
        assert f"{median['value']:.3f} [{median['low']:.3f}, {median['high']:.3f}]" in text
        assert f"n {one['n']}" in text
    assert "Dice < 0.8 (IoU < 0.67)" in text
    drawn = re.findall(r'aria-label="distribution of (\w+) Dice of (\w+)"', page.read_text())
    assert len(drawn) == len(set(drawn)) == 6


def test_every_group_of_two_runs_has_its_n(tmp_path: Path) -> None:
    page = " ".join(" ".join(Text(parity(tmp_path, 240).read_text()).parts).split())
    codes = people(240)[0].codes
    unusable = np.flatnonzero(codes["race"] == 2)[:5]
    n = np.bincount(np.delete(codes["site"], unusable))
    for site, count in zip(("north", "south", "east"), n, strict=True):
        assert re.search(rf"{site} n {count}, 0\.\d+ to 0\.\d+", page)


@pytest.mark.parametrize(
    "tables",
    [BINARY, CLASSES, MACRO, COUNTERFACTUAL, mask_tables(("lung_dice", "lung_iou", "mean_dice"))],
)
def test_every_number_that_people_see_is_explained(tables: object) -> None:
    groups, gaps = (getattr(tables, name) for name in ("groups", "gaps"))
    assert [m for m in {**groups, **gaps}.values() if not meaning(m)] == []
