"""Pages of masks, labels, three ways of asking, two runs and three, over time, in a Chromium."""

from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsed import SIZES, opened
from made_pages import parity, parity_of_labels, three_ways
from made_runs import made_run, noisy
from playwright.sync_api import Browser
from scored_files import cohort, report, write_csv

from audit.cli import run

pytest_plugins = ["browsed_chromium"]
pytestmark = pytest.mark.browser

SCORES = [
    f"{structure}_{what}"
    for structure in ("lung", "heart", "spleen")
    for what in ("dice", "iou", "missed", "invented")
]
LABELS = tuple(f"finding {k}" for k in range(14))


def masks(n: int = 300) -> dict[str, list[object]]:
    """Scores of masks of three organs."""
    rng = np.random.default_rng(0)
    people = cohort(n)
    columns = {name: people[name] for name in ("id", "patient", "race", "gender")}
    return columns | {name: rng.uniform(0, 1, n).round(4).tolist() for name in SCORES}


def labels(n: int = 1200) -> dict[str, list[object]]:
    """14 findings with their scores, and four attributes."""
    rng = np.random.default_rng(1)
    people = cohort(n)
    columns = {name: people[name] for name in ("id", "patient", "race", "gender")}
    columns["scanner"] = rng.choice(["A", "B", "C"], n).tolist()
    columns["ward"] = rng.choice(["north", "south"], n).tolist()
    for label in LABELS:
        y = rng.integers(0, 2, n)
        columns[label] = y.tolist()
        columns[f"p {label}"] = (1 / (1 + np.exp(-(y - 0.5 + rng.normal(size=n))))).tolist()
    return columns


@pytest.fixture(scope="module")
def other_pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("others")
    two = ("--attributes", "race,gender")
    assert report(write_csv(folder / "masks.csv", masks()), folder / "masks", *two) == 0
    of_labels = (
        "--target", ",".join(LABELS), "--score", ",".join(f"p {label}" for label in LABELS),
        "--attributes", "race,gender,scanner,ward", "--threshold", "0.5",
    )  # fmt: skip
    assert report(write_csv(folder / "labels.csv", labels()), folder / "labels", *of_labels) == 0
    people = write_csv(folder / "people.csv", cohort(600))
    assert report(people, folder / "people", *two) == 0
    pair = [str(folder / "people"), str(folder / "people"), "--out", str(folder / "pair")]
    assert run(["compare", *pair, "--replicates", "100"]) == 0
    of_parity, of_finding = folder / "parity", folder / "findings"
    of_parity.mkdir()
    of_finding.mkdir()
    all_three = [str(folder / "people")] * 3
    assert run(["compare", *all_three, "--replicates", "100", "--out", str(folder / "all")]) == 0
    days = [folder / f"day{k}" for k in range(1, 17)]
    for k, day in enumerate(days, 1):
        made_run(folder / "people", day, k, noisy(k, 0.25 if k > 9 else 0.0), new=600)
    assert run(["history", str(folder / "history"), *map(str, days)]) == 0
    return {
        "trend": folder / "history" / "trend.html",
        "ways": three_ways(folder / "ways"),
        "parity": parity(of_parity),
        "findings": parity_of_labels(of_finding, LABELS[:5]),
        "masks": folder / "masks" / "report" / "report.html",
        "labels": folder / "labels" / "report" / "report.html",
        "compare": folder / "pair" / "compare.html",
        "runs": folder / "all" / "compare.html",
    }


WORST = dict.fromkeys(("parity", "findings"), ".verdict p >> nth=0") | dict.fromkeys(
    ("ways", "masks", "labels", "compare", "runs", "trend"), ".worst li >> nth=0"
)
"""Where a page says which group is worst off."""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", WORST)
def test_other_pages_are_quiet_fit_and_can_be_read(
    browser: Browser, other_pages: dict[str, Path], name: str, size: str
) -> None:
    path = other_pages[name]
    assert path.stat().st_size < 2**21
    page, said = opened(browser, path, size, "dark" if size == "phone" else "light")
    assert said == []
    heads = [WORST[name], *([] if name in ("compare", "runs") else [".verdict strong >> nth=0"])]
    for head in heads:
        first = page.locator(head).bounding_box()
        assert first is not None
        assert first["y"] + first["height"] <= SIZES[size][1]
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    violations = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in violations] == []
    page.close()


@pytest.mark.parametrize("name", ["ways", "parity", "masks"])
def test_other_pages_print(browser: Browser, other_pages: dict[str, Path], name: str) -> None:
    page, _ = opened(browser, other_pages[name], "desk", "dark")
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.close()


def test_parity_names_the_group_that_serving_harmed(
    browser: Browser, other_pages: dict[str, Path]
) -> None:
    page, _ = opened(browser, other_pages["parity"], "phone", "light")
    first = page.locator(WORST["parity"]).inner_text()
    assert "FAIL" in first
    assert "furthest off: race White" in first
    page.close()
