"""`--target-prevalence`: what it adds to a report, and that nothing else changes."""

import json
from pathlib import Path

import pytest
from scored_files import Columns, document, report, write_csv

from audit.report.document import read_document
from fairness.beside.prevalences import prevalences_in
from fairness.errors import UsageError

pytest_plugins = ["scored_cohort"]
FLAGS = ("--target-prevalence", "0.08", "--target-prevalence", "race=Black:0.1,White:0.05")


@pytest.fixture(scope="module")
def out(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prevalence")
    assert report(source, folder / "asked", *FLAGS) == 0
    assert report(source, folder / "plain") == 0
    return folder


def test_every_group_stands_for_its_prevalence(out: Path) -> None:
    found = document(out / "asked")["beside"]["standardised"]
    asked = {(one["attribute"], one["group"]): one["prevalence"] for one in found}
    assert asked["overall", "all"] == asked["race", "Asian"] == asked["gender", "Male"] == 0.08
    assert (asked["race", "Black"], asked["race", "White"]) == (0.1, 0.05)
    rows = {(r["attribute"], r["group"], r["metric"]): r for r in document(out / "asked")["rows"]}
    for one in found:
        assert one["low"] <= one["value"] <= one["high"]
        if one["metric"] != "net_benefit":
            raw = rows[one["attribute"], one["group"], one["metric"]]
            assert (one["raw"], one["n"]) == (raw["value"], raw["n"])


def test_nothing_else_of_a_report_changes(out: Path) -> None:
    asked, plain = document(out / "asked"), document(out / "plain")
    assert "beside" not in plain
    same = {name for name in plain if name != "provenance"}
    assert {n: asked[n] for n in same} == {n: plain[n] for n in same}
    names = {path.name for path in (out / "asked" / "report").iterdir()}
    added = names - {path.name for path in (out / "plain" / "report").iterdir()}
    assert added == {"standardised.csv", "standardised_pairs.csv"}
    for name in ("groups.csv", "contrasts.csv"):
        both = [(out / run / "report" / name).read_bytes() for run in ("asked", "plain")]
        assert both[0] == both[1]


def test_markdown_and_page_say_what_does_not_change(out: Path) -> None:
    read = read_document(out / "asked" / "report" / "report.json")
    assert read.beside is not None
    assert read.beside.standardised
    for name in ("report.md", "report.html"):
        text = (out / "asked" / "report" / name).read_text()
        assert "At the prevalence of the patients to come" in text
        assert "AUC, true and false positive rate do not depend on the prevalence" in text


def test_a_hidden_group_stays_hidden(columns: Columns, tmp_path: Path) -> None:
    few = {**columns, "race": ["Few" if i < 8 else r for i, r in enumerate(columns["race"])]}
    source = write_csv(tmp_path / "few.csv", few)
    assert report(source, tmp_path / "out", "--target-prevalence", "0.1") == 0
    beside = document(tmp_path / "out")["beside"]
    of_few = [one for one in beside["standardised"] if one["group"] == "Few"]
    assert of_few
    assert all(one["value"] is one["raw"] is one["n"] is None for one in of_few)
    assert "Few" not in {c["group_a"] for c in beside["standardised_pairs"]} | {
        c["group_b"] for c in beside["standardised_pairs"]
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["1.2"], "no share above 0 and below 1"),
        (["race=Black"], "no share"),
        (["0.1", "0.2"], "everybody has one already"),
        (["race=Black:0.1,Black:0.2"], "has two"),
    ],
)
def test_other_words_are_refused(words: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        prevalences_in(words)


@pytest.mark.parametrize(
    ("flag", "said"),
    [("rase=Black:0.1", "no attribute 'rase'"), ("race=Blck:0.1", "no group 'Blck'")],
)
def test_unknown_names_are_refused(
    source: Path, tmp_path: Path, flag: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(source, tmp_path / "out", "--target-prevalence", flag) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out" / "report").exists()


def test_scores_that_are_no_probabilities_have_no_net_benefit(
    columns: Columns, tmp_path: Path
) -> None:
    source = write_csv(tmp_path / "s.csv", {**columns, "score": [9 * s for s in columns["score"]]})  # type: ignore[operator]  # numbers
    flags = ("--threshold", "4.5", "--target-prevalence", "0.1")
    assert report(source, tmp_path / "out", *flags) == 0
    metrics = {one["metric"] for one in document(tmp_path / "out")["beside"]["standardised"]}
    assert metrics == {
        "positive_predictive_value",
        "negative_predictive_value",
        "selection_rate",
        "accuracy",
    }
    assert json.loads((tmp_path / "out" / "report" / "report.json").read_text())["beside"][
        "standardised_note"
    ]
