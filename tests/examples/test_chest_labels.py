"""The example of three findings, on real radiographs: its commands, its scores, its labels."""

import csv
import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from readme_commands import ROOT, copied, guesses, reported, run_readme

NIH = ROOT.parent / "shared" / "data" / "nih_chest_fairfedmed"
LABELS = ("Effusion", "Infiltration", "Atelectasis")
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not NIH.exists(), reason="the real data are not beside the project"),
]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder after the commands of the README, and what they printed."""
    example = copied("chest_labels", tmp_path_factory.mktemp("chest"))
    columns = {
        "Image Index": "image",
        "Finding Labels": "findings",
        "Patient ID": "patient",
        "Patient Age": "age",
        "Patient Gender": "gender",
        "View Position": "view",
    }
    with (NIH / "data_summary.csv").open(newline="") as file:
        rows = [dict(row) | {"gender": "FM"[int(row["gender"])]} for row in csv.DictReader(file)]
    with (example / "entries.csv").open("w", newline="") as file:
        csv.writer(file).writerow(columns)
        csv.writer(file).writerows([[row[name] for name in columns.values()] for row in rows])
    here = {
        "Data_Entry_2017_v2020.csv": "entries.csv",
        "--images images": f"--images {NIH / 'images'}",
    }
    return example, run_readme(example, here)


def test_served_scores_of_each_label_are_those_of_torch_itself(ran: tuple[Path, str]) -> None:
    example, _ = ran
    with (example / "predictions.csv").open(newline="") as file:
        own = {row["file"]: row for row in csv.DictReader(file)}
    rows = pq.read_table(example / "reports/first/records/outcomes.parquet").to_pydict()
    assert sorted(rows["id"]) == sorted(own)
    for label in LABELS:
        expected = [float(own[id_][label]) for id_ in rows["id"]]
        np.testing.assert_allclose(rows[f"score:{label}"], expected, atol=1e-4)
        assert np.std(expected) > 0.05


def test_every_label_has_numbers_for_every_group(ran: tuple[Path, str]) -> None:
    out = ran[0] / "reports/first"
    for label in LABELS:
        for attribute, group in (("sex", "F"), ("sex", "M"), ("view", "PA"), ("view", "AP")):
            row = reported(out, attribute, group, "auc", label=label)
            assert 0.3 < float(row["value"]) < 0.9
    assert float(reported(out, "overall", "all", "macro_auc", label="")["low"]) > 0.5


def test_no_patient_is_in_both_splits(ran: tuple[Path, str]) -> None:
    with (ran[0] / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    people = {
        word: {r["patient"] for r in rows if r["split"] == word} for word in ("train", "test")
    }
    assert min(len(people["train"]), len(people["test"])) > 80
    assert people["train"] & people["test"] == set()
    assert len(rows) == 1000


def test_the_draft_guesses_what_the_readme_says(ran: tuple[Path, str]) -> None:
    example, printed = ran
    draft = (example / "guessed.yaml").read_text()
    named = guesses((example / "README.md").read_text())
    assert named == ["normalise: unit"]
    right = ["holds: logit", "labels: {Effusion: 0, Infiltration: 1, Atelectasis: 2}"]
    assert [line for line in (*named, *right) if f"{line}  # GUESS" not in draft] == []
    seen = re.findall(r"(\w+) \(column \d\): (\d+) positive, (\d+) negative", printed)
    assert [name for name, *_ in seen] == list(LABELS)
    assert min(int(count) for _, *counts in seen for count in counts) > 0
