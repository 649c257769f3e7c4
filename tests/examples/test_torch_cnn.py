"""The example of a CNN that torch alone exported: its commands, its scores, its planted gap."""

import csv
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from readme_commands import copied, group_rows, guesses, reported, run_readme

pytestmark = pytest.mark.examples


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder after the commands of the README, and what they printed."""
    example = copied("torch_cnn", tmp_path_factory.mktemp("torch"))
    return example, run_readme(example)


def test_served_scores_are_those_of_torch_itself(ran: tuple[Path, str]) -> None:
    example, _ = ran
    with (example / "predictions.csv").open(newline="") as file:
        own = {row["file"]: float(row["malignant"]) for row in csv.DictReader(file)}
    rows = pq.read_table(example / "reports/first/records/outcomes.parquet").to_pydict()
    assert sorted(rows["id"]) == sorted(own)
    np.testing.assert_allclose(rows["score"], [own[id_] for id_ in rows["id"]], atol=1e-4)
    assert np.std(rows["score"]) > 0.2


def test_the_gap_between_the_scanners_is_found_and_none_between_the_sexes(
    ran: tuple[Path, str],
) -> None:
    out = ran[0] / "reports/first"
    gap = reported(out, "scanner", "all", "auc_difference")
    assert float(gap["low"]) > 0.03
    assert float(reported(out, "sex", "all", "auc_difference")["low"]) == 0
    assert float(reported(out, "scanner", "Beta", "auc")["high"]) < float(
        reported(out, "scanner", "Alpha", "auc")["low"]
    )


def test_every_group_is_large_enough_to_be_shown(ran: tuple[Path, str]) -> None:
    out = ran[0] / "reports/first"
    groups = [("scanner", "Alpha"), ("scanner", "Beta"), ("sex", "Female"), ("sex", "Male")]
    assert [reported(out, *group, "auc")["suppressed"] for group in groups] == [""] * 4


def test_the_draft_guesses_what_the_readme_says(ran: tuple[Path, str]) -> None:
    example, printed = ran
    draft = (example / "guessed.yaml").read_text()
    named = guesses((example / "README.md").read_text())
    assert len(named) == 7
    assert [line for line in named if f"{line}  # GUESS" not in draft] == []
    assert draft.count("# GUESS:") == 7
    assert "8 samples (4 positive, 4 negative)" in printed


def test_the_numbers_of_the_readme_are_those_of_the_run(ran: tuple[Path, str]) -> None:
    example, printed = ran
    found, shown = group_rows(printed), group_rows((example / "README.md").read_text())
    assert len(shown) == 5
    for group, (n, auc) in shown.items():
        assert found[group][0] == n, group
        assert found[group][1] == pytest.approx(auc, abs=0.02), group
