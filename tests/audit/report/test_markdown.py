"""Names from a file cannot break a report, run in a browser or write to the terminal."""

from pathlib import Path

import junitparser
import pytest
from scored_files import cohort, document, report, write_csv

from audit.report.markdown import FOLDED, UNFOLDED, escape

NASTY = (
    "a|b",
    "<script>alert(1)</script>",
    "two\nlines",
    "\x1b[31mred\x07",
    "[x](https://example.org) @all #1 `c` **b**",
)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nasty")
    columns = cohort(500)
    columns["race"] = [NASTY[i % len(NASTY)] for i in range(500)]
    (folder / "policy.yaml").write_text(
        'name: "p|\\e[31m<b>"\nrules:\n  - {metric: auc, attribute: race, min: 0.1}\n'
        "  - {metric: auc, attribute: race, scope: pairs, max: 0.9}\n"
    )
    source = write_csv(folder / "nasty.csv", columns)
    assert report(source, folder / "run", "--policy", folder / "policy.yaml") == 0
    return folder / "run" / "report"


def test_every_table_keeps_its_columns_and_no_tag_opens(out: Path) -> None:
    text = (out / "report.md").read_text()
    width = None
    for line in text.splitlines():
        plain = line.replace("\\\\", "").replace("\\|", "").replace("\\<", "")
        assert "<" not in plain or line in (*FOLDED, UNFOLDED), line
        if not line.startswith("|"):
            width = None
        else:
            width = width or plain.count("|")
            assert plain.count("|") == width, line
    assert "](https://" not in text
    assert "\x1b" not in text
    assert "\\<script\\>" in text


def test_junit_parses(out: Path) -> None:
    (suite,) = junitparser.JUnitXml.fromfile(str(out / "junit.xml"))
    assert suite.tests == 5 + 10
    assert any("<script>" in case.name for case in suite)


def test_names_are_one_printable_line(out: Path) -> None:
    groups = {r["group"] for r in document(out.parent)["rows"] if r["attribute"] == "race"}
    assert {"two lines", "[31mred", "a|b"} <= groups
    assert all(group.isprintable() for group in groups)


def test_escape_of_everything_that_markdown_reads() -> None:
    assert escape("a|b") == "a\\|b"
    assert escape("<b>\n`x`") == "\\<b\\> \\`x\\`"
    assert escape("\\|") == "\\\\\\|"
    assert "://" not in escape("https://example.org")


def test_a_name_between_colons_is_no_picture_on_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = cohort(300)
    columns["race"] = [(":a: x", "B")[i % 2] for i in range(300)]
    assert report(write_csv(tmp_path / "colons.csv", columns), tmp_path / "run") == 0
    assert ":a: x" in capsys.readouterr().out
