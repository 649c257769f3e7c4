"""The page of a report: what stands on it, that it needs nothing else, and that no text acts."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from scored_files import cohort, document, report, write_csv

from audit.cli import run

pytest_plugins = ["scored_cohort"]

SCRIPT = "<script>alert(1)</script>"
LONG = "W" * 10_000


class Seen(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def out(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    (folder / "policy.yaml").write_text(
        "name: margins\nrules:\n  - {metric: auc, min: 0.99}\n"
        "  - {metric: auc, attribute: race, min: 0.1}\n"
    )
    flags = ("--policy", folder / "policy.yaml", "--intersect", "race*gender", "--control", "site")
    assert report(source, folder / "run", *flags) == 1
    return folder / "run"


def test_the_first_screen_says_verdict_identity_and_worst_group(out: Path) -> None:
    page = (out / "report" / "report.html").read_text()
    first = Seen(page[: page.index("Checks of the policy")]).text
    lowest = min(
        (r for r in document(out)["rows"] if (r["attribute"], r["metric"]) == ("race", "auc")
         and r["group"] not in ("all", "unknown")),
        key=lambda r: r["value"],
    )  # fmt: skip
    assert "FAIL" in first
    assert "found: the scores were in a file" in first
    assert re.search(rf"race: {lowest['group']}\s+{lowest['value']:.3f}", first)
    assert "gaps speak of the others" in first  # some people's race is unknown


def test_the_page_needs_nothing_but_itself(out: Path) -> None:
    page = (out / "report" / "report.html").read_text()
    seen = Seen(page)
    assert not {"script", "link", "img", "iframe"} & set(seen.tags)
    assert seen.links == []
    assert "url(" not in page
    assert len(page.encode()) < 2 * 2**20


def test_every_value_of_the_first_metric_stands_on_the_page(out: Path) -> None:
    text = Seen((out / "report" / "report.html").read_text()).text
    shown = [
        r for r in document(out)["rows"]
        if r["metric"] == "auc" and r["value"] is not None and r["group"] not in ("all", "unknown")
    ]  # fmt: skip
    assert len(shown) > 15
    for row in shown:
        assert f"{row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}]" in text


def test_no_text_of_a_file_acts(tmp_path: Path) -> None:
    columns = cohort(400)
    names = (SCRIPT, '"><img src=x onerror=alert(1)>', LONG, "\x1b[31mred", "=cmd|' /C calc'!A0")
    columns["race"] = [names[i % len(names)] for i in range(400)]
    columns["=cmd"] = columns.pop("gender")
    source = write_csv(tmp_path / "nasty.csv", columns)
    flags = ("--attributes", "race,=cmd", "--name", f"m {SCRIPT}")
    assert report(source, tmp_path / "run", *flags) == 0
    page = (tmp_path / "run" / "report" / "report.html").read_text()
    seen = Seen(page)
    assert "script" not in seen.tags
    assert seen.handlers == []
    assert SCRIPT in seen.text
    assert "W" * 200 not in page
    assert "\x1b" not in page


def test_a_run_in_which_every_group_is_hidden_has_a_page(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "few.csv", cohort(24))
    assert report(source, tmp_path / "run") == 0
    text = Seen((tmp_path / "run" / "report" / "report.html").read_text()).text
    assert "No two groups have numbers that may be shown" in text
    assert "Groups of which no number is shown" in text


def test_render_writes_the_same_page_again(out: Path) -> None:
    path = out / "report" / "report.html"
    before = path.read_bytes()
    path.write_text("gone")
    assert run(["render", str(out)]) == 0
    assert path.read_bytes() == before
    assert run(["verify", str(out)]) == 0


def test_a_changed_file_is_named(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = out / "report" / "groups.csv"
    before = path.read_text()
    path.write_text(before.replace("0.", "1.", 1))
    assert run(["verify", str(out)]) == 3
    assert "groups.csv: changed since it was written" in capsys.readouterr().err
    path.write_text(before)
    assert run(["verify", str(out)]) == 0
