"""No text of a file, a model or a run acts on any page, breaks it, or turns it around."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from made_pages import cases_of_labels, parity, three_ways
from made_runs import made_run
from scored_files import cohort, report, write_csv

from audit.cli import run
from audit.monitoring.adding import add_failure

SCRIPT = "<script>alert(1)</script>"
NAMES = (
    SCRIPT,
    "=cmd|' /C calc'!A0",
    '"><img src=x onerror=alert(1)>\x1b[31mred',
    "\u202eevil\u200f " + "W" * 10_000,
)
TAGS = {"script", "iframe", "object", "embed", "link", "base", "form"}


class Seen(HTMLParser):
    """Tags, handlers and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.handlers: list[str] = []
        self.sources: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.text += data


def of_ways(folder: Path) -> Path:
    model = f"m {NAMES[3]}"
    return three_ways(folder, 240, races=NAMES, sites=NAMES[:2], model=model, control="")


def of_parity(folder: Path) -> Path:
    return parity(folder, 240, races=NAMES, sites=NAMES[:2], model=f"m {NAMES[3]}")


def of_cases(folder: Path) -> Path:
    return cases_of_labels(folder, NAMES, races=NAMES)


def of_compare(folder: Path) -> Path:
    columns = cohort(300)
    columns["race"] = [NAMES[i % 4] for i in range(300)]
    flags = ("--attributes", "race", "--patient", "patient")
    for name in ("a", "b"):
        columns["score"] = columns["score"][::-1]
        source = write_csv(folder / f"{name}.csv", columns)
        assert report(source, folder / name, *flags, "--name", f"{name} {SCRIPT} {NAMES[3]}") == 0
    both = [str(folder / name) for name in ("a", "b")]
    assert run(["compare", *both, "--out", str(folder / "pair"), "--replicates", "100"]) == 0
    return folder / "pair" / "compare.html"


def of_labels(folder: Path) -> Path:
    columns = cohort(300)
    names = (SCRIPT, "=cmd")
    for name in names:
        columns[name], columns[f"p {name}"] = columns["target"], columns["score"]
    flags = ("--target", ",".join(names), "--score", ",".join(f"p {name}" for name in names))
    source = write_csv(folder / "labels.csv", columns)
    more = ("--attributes", "gender", "--threshold", "0.5")
    assert report(source, folder / "run", *flags, *more) == 0
    return folder / "run" / "report" / "report.html"


def of_trend(folder: Path) -> Path:
    columns = cohort(300)
    columns["race"] = [NAMES[i % 4] for i in range(300)]
    flags = ("--attributes", "race", "--patient", "patient", "--name", f"m {SCRIPT} {NAMES[3]}")
    first = folder / "first"
    assert report(write_csv(folder / "a.csv", columns), first, *flags) == 0
    days = [made_run(first, folder / f"run {SCRIPT[1:8]} {day}", day) for day in (1, 2)]
    add_failure(folder / "over", folder, f"{SCRIPT} {NAMES[2]} {NAMES[3]}")
    assert run(["history", str(folder / "over"), *map(str, days)]) == 0
    return folder / "over" / "trend.html"


@pytest.mark.parametrize(
    "make",
    [
        of_trend,
        pytest.param(of_ways, marks=pytest.mark.further),
        pytest.param(of_parity, marks=pytest.mark.further),
        of_cases,
        pytest.param(of_compare, marks=pytest.mark.further),
        of_labels,
    ],
)
def test_no_text_acts_on_a_page(make: Callable[[Path], Path], tmp_path: Path) -> None:
    page = make(tmp_path).read_text()
    seen = Seen(page)
    assert TAGS & seen.tags == set()
    assert seen.handlers == []
    assert [s for s in seen.sources if not re.match("#|data:image/jpeg;base64,", s)] == []
    assert SCRIPT in seen.text
    assert "W" * 601 not in page
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]", page)
