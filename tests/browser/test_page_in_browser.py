"""Pages in a real Chromium: both sizes, light and dark, keyboard, contrast, print. No network."""

from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsed import SIZES, opened
from playwright.sync_api import Browser
from scored_files import cohort, report, write_csv

from audit.records.cases import Chapter, picture_of, write_cases

pytest_plugins = ["browsed_chromium"]
pytestmark = pytest.mark.browser

RUNS = ("plain", "hidden", "hostile")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    (folder / "policy.yaml").write_text(
        "name: margins\nrules:\n  - {metric: auc, min: 0.9}\n"
        "  - {metric: auc, attribute: race, min: 0.6}\n"
    )
    hostile = cohort(600)
    names = ("<script>alert(1)</script>", "W" * 10_000, "=cmd", "\x1b[31mred")
    hostile["race"] = [names[i % 4] for i in range(600)]
    columns = {"plain": cohort(1200), "hidden": cohort(24), "hostile": hostile}
    flags = ("--policy", folder / "policy.yaml", "--intersect", "race*gender", "--control", "site")
    for name in RUNS:
        source = write_csv(folder / f"{name}.csv", columns[name])
        assert report(source, folder / name, *flags) in (0, 1)
    return {name: folder / name / "report" / "report.html" for name in RUNS}


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", RUNS)
def test_a_page_is_quiet_fits_and_can_be_read(
    browser: Browser, pages: dict[str, Path], name: str, size: str, colours: str
) -> None:
    page, said = opened(browser, pages[name], size, colours)
    assert said == []
    for locator in (page.get_by_text("Verdict", exact=True), page.locator(".worst li").first):
        if name == "hidden" and locator.count() == 0:
            locator = page.get_by_text("No two groups have numbers")
        box = locator.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= SIZES[size][1]
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    violations = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in violations] == []
    page.close()


def test_sections_open_by_keyboard(browser: Browser, pages: dict[str, Path]) -> None:
    page, _ = opened(browser, pages["plain"], "desk", "light")
    summary = page.locator("summary", has_text="Gaps between groups")
    assert not page.locator("details", has=summary).evaluate("one => one.open")
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("details", has=summary).evaluate("one => one.open")
    page.close()


def test_a_page_prints(browser: Browser, pages: dict[str, Path]) -> None:
    page, _ = opened(browser, pages["plain"], "desk", "light")
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.close()


@pytest.mark.parametrize("size", SIZES)
def test_cases_fit_and_can_be_read(browser: Browser, tmp_path: Path, size: str) -> None:
    grey = picture_of(np.full((300, 200), 90, dtype=np.uint8))
    told = dict.fromkeys(("a", "b", "W" * 500), "score 0.412, truth positive")
    places = {("race", "Black", "largest errors"): told, ("sex", "F", "borderline"): told}
    chapters = [Chapter(f"{name}: positive from 0.5 on", places) for name in ("Mass", "W" * 500)]
    legend = [("cup, reference", "#ffd200")]
    write_cases(tmp_path / "cases.html", "m on d", chapters, lambda id_: grey, legend)
    page, said = opened(browser, tmp_path / "cases.html", size, "dark")
    assert [text for text in said if not text.startswith("data:")] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    assert page.evaluate("[...document.images].every(one => one.naturalWidth > 0)")
    violations = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in violations] == []
    page.close()
