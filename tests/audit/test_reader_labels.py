"""`--reader-labels`: majority, ties, agreement, each reader, their mean; what hides and refuses."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image as Pillow
from scored_files import cohort, document, report, rows, write_csv
from served import SPEC, with_probes, write_model
from served_parity import edge_grey
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from audit.cli import run

READERS = ("--reader-labels", "r1,r2,r3", "--attributes", "race,gender")
Table = dict[str, list[Any]]


def read(n: int = 400, wrong: tuple[float, ...] = (0.05, 0.1, 0.15), unread: float = 0.0) -> Table:
    """A cohort whose cases three readers have labelled, in the place of `target`."""
    columns: Table = cohort(n)
    truth = np.array(columns.pop("target"))
    rng = np.random.default_rng(1)
    for k, share in enumerate(wrong, start=1):
        labels = np.where(rng.random(n) < share, 1 - truth, truth).astype(object)
        labels[rng.random(n) < unread * (k > 1)] = ""
        columns[f"r{k}"] = labels.tolist()
    return columns


def of_reader(out: Path, reader: str, part: str = "by_reader") -> list[dict[str, Any]]:
    found = document(out)["beside"][part]
    of_one = [one for one in found if one["reader"] == reader]
    return [{name: one[name] for name in one if name != "reader"} for one in of_one]


def numbers(lines: list[dict[str, Any]]) -> dict[tuple[str, str, str], dict[str, Any]]:
    return {(one["attribute"], one["group"], one["metric"]): one for one in lines}


def test_readers_who_agree_give_the_report_on_their_label(tmp_path: Path) -> None:
    columns: Table = cohort(400)
    columns |= dict.fromkeys(("r1", "r2", "r3"), columns["target"])
    source = write_csv(tmp_path / "s.csv", columns)
    assert report(source, tmp_path / "one", "--attributes", "race,gender", "--target", "r1") == 0
    assert report(source, tmp_path / "all", *READERS) == 0
    one, every = document(tmp_path / "one"), document(tmp_path / "all")
    for part in ("rows", "contrasts", "curves"):
        assert every[part] == one[part]
    lines = of_reader(tmp_path / "all", "majority")
    gaps = of_reader(tmp_path / "all", "majority", "reader_gaps")
    assert len(lines) == 3 * 6 + 3 * 2
    for reader in ("r1", "r2", "r3"):
        assert of_reader(tmp_path / "all", reader) == lines
        assert of_reader(tmp_path / "all", reader, "reader_gaps") == gaps
    means = numbers(of_reader(tmp_path / "all", "mean over readers"))
    for place, line in numbers(lines).items():
        if place in means:
            assert means[place]["value"] == pytest.approx(line["value"], abs=1e-12)
    assert {a["value"] for a in every["beside"]["agreement"]} == {1.0}


@pytest.mark.further
def test_each_reader_has_the_report_on_that_reader_alone(tmp_path: Path) -> None:
    columns = read(unread=0.2)
    source = write_csv(tmp_path / "s.csv", columns)
    assert report(source, tmp_path / "all", *READERS) == 0
    kept = [i for i, label in enumerate(columns["r3"]) if label != ""]
    alone = {name: [values[i] for i in kept] for name, values in columns.items()}
    source = write_csv(tmp_path / "r3.csv", alone)
    assert report(source, tmp_path / "one", "--attributes", "race,gender", "--target", "r3") == 0
    expected = rows(tmp_path / "one")
    for place, line in numbers(of_reader(tmp_path / "all", "r3")).items():
        assert line == {name: expected[place][name] for name in line}
    truth, score = np.array(alone["r3"], float), np.array(alone["score"])
    auc = numbers(of_reader(tmp_path / "all", "r3"))["overall", "all", "auc"]["value"]
    assert auc == pytest.approx(roc_auc_score(truth, score), abs=1e-12)
    assert document(tmp_path / "all")["beside"]["agreement"][0]["coefficient"] == (
        "krippendorff_alpha"
    )


def test_ties_are_left_out_of_the_majority_alone(tmp_path: Path) -> None:
    columns = read()
    source, flags = write_csv(tmp_path / "s.csv", columns), ("--attributes", "race,gender")
    assert report(source, tmp_path / "out", *flags, "--reader-labels", "r1,r2") == 0
    first, second = (np.array(columns[name], int) for name in ("r1", "r2"))
    found, ties = document(tmp_path / "out"), int((first != second).sum())
    assert ties > 20
    assert found["provenance"]["reader_labels"] == {"columns": ["r1", "r2"], "undecided": ties}
    assert found["flow"]["undecided"] == ties
    assert found["rows"][0]["n"] == 400 - ties
    everybody = found["beside"]["agreement"][0]
    assert (everybody["n"], everybody["coefficient"]) == (400, "cohen_kappa")
    assert everybody["value"] == pytest.approx(cohen_kappa_score(first, second), abs=1e-12)
    assert everybody["agreement"] == pytest.approx(1 - ties / 400, abs=1e-12)
    folder = tmp_path / "out" / "report"
    for name in ("report.md", "report.html"):
        text = (folder / name).read_text()
        assert "Agreement of the readers" in text
        assert f"majority of r1, r2; {ties} cases with a tie left out" in text
    for name in ("reader_agreement.csv", "by_reader.csv", "reader_gaps.csv"):
        assert len((folder / name).read_text().splitlines()) > 5
    # The rows say whose labels they are, so that the report can be made again without the flag.
    stored = tmp_path / "out" / "records" / "outcomes.parquet"
    assert pq.read_table(stored)["target"].null_count == ties
    assert report(stored, tmp_path / "again", *flags) == 0
    again = document(tmp_path / "again")
    for part in ("rows", "contrasts", "beside"):
        values = (again[part], found[part])
        if part == "rows":
            values = tuple([{**row, "dataset": ""} for row in one] for one in values)  # type: ignore[assignment]
        assert values[0] == values[1]


@pytest.mark.further
def test_means_hold_p_and_interval_together(tmp_path: Path) -> None:
    columns = read(wrong=(0.02, 0.1, 0.3))
    source = write_csv(tmp_path / "s.csv", columns)
    assert report(source, tmp_path / "out", *READERS) == 0
    lines, three = {}, []
    for reader in ("mean over readers", "r1", "r2", "r3"):
        lines[reader] = numbers(of_reader(tmp_path / "out", reader))
    for place, mean in lines["mean over readers"].items():
        three = [lines[reader][place]["value"] for reader in ("r1", "r2", "r3")]
        assert mean["value"] == pytest.approx(np.mean(three), abs=1e-12)
        assert mean["low"] < mean["value"] < mean["high"]
        alone = lines["r2"][place]
        assert mean["high"] - mean["low"] > alone["high"] - alone["low"] or place[2] != "auc"
    gaps = of_reader(tmp_path / "out", "mean over readers", "reader_gaps")
    assert len(gaps) == 3 * (3 + 1)
    for gap in gaps:
        for kind in ("", "_adjusted"):
            outside = gap[f"low{kind}"] > 0 or gap[f"high{kind}"] < 0
            assert outside == (gap[f"p{kind}"] < 0.05)


def test_what_one_reader_makes_few_is_hidden_of_that_reader_and_of_all_together(
    tmp_path: Path,
) -> None:
    columns, rng = read(1400), np.random.default_rng(2)
    gender = rng.choice(["Female", "Male"], 1400, p=[0.2, 0.8])
    rare = np.flatnonzero(np.array(columns["race"]) == "Asian")
    labels = np.array(columns["r3"])
    labels[rare] = (np.arange(len(rare)) < 6).astype(labels.dtype)  # six positives by one reader
    gender[rng.choice(1400, 7, replace=False)] = "Other"  # seven people
    columns |= {"r3": labels.tolist(), "gender": gender.tolist()}
    source = write_csv(tmp_path / "s.csv", columns)
    assert report(source, tmp_path / "out", *READERS) == 0
    for reader in ("majority", "r1", "r2", "r3", "mean over readers"):
        found = numbers(of_reader(tmp_path / "out", reader))
        hides = reader in ("r3", "mean over readers")
        for metric in ("auc", "true_positive_rate", "false_positive_rate"):
            other, asian = found["gender", "Other", metric], found["race", "Asian", metric]
            assert other["value"] is other["n"] is other["n_positive"] is None
            assert (asian["value"] is None) == hides
            male = found["gender", "Male", metric]  # else the hidden group would follow
            assert male["value"] == round(male["value"], 2)
            assert male["n"] is male["n_positive"] is None
        gaps = of_reader(tmp_path / "out", reader, "reader_gaps")
        named = {name for gap in gaps for name in (gap["group_a"], gap["group_b"])}
        assert "Other" not in named
        assert ("Asian" in named) != hides
    agreement = document(tmp_path / "out")["beside"]["agreement"]
    shown = {one["group"]: one for one in agreement}
    for group in ("Asian", "Other"):
        assert shown[group]["agreement"] is shown[group]["value"] is shown[group]["n"] is None
    for group in ("Male", "Female"):
        assert shown[group]["value"] == round(shown[group]["value"], 1)
        assert shown[group]["n"] is None


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--reader-labels", "r1,r9"), "no column 'r9'"),
        (("--reader-labels", "r1"), "names one reader"),
        (("--reader-labels", "r1,r1"), "'r1' comes twice"),
        (("--reader-labels", "r1,race"), "'race' is '"),
        (("--reader-labels", "r1,empty"), "'empty' has no label"),
        (("--reader-labels", "few,empty"), "few, empty are all blank in row 2"),
        (("--reader-labels", "r1,r2", "--positive", "yes"), "one of them 'yes'"),
        (("--reader-labels", "r1,r2", "--target", "r3"), "--target r3 and --reader-labels"),
        (("--reader-labels", "r1,r2", "--weight", "age"), "--weight and --reader-labels"),
        (("--reader-labels", "r1,r2", "--score", "score,age"), "is of one label"),
        (("--reader-labels", "r1,majority"), "a report calls numbers 'majority'"),
        (("--reader-labels", "r1,r2", "--attributes", "gender,r3,r1"), "'r1' cannot be an"),
    ],
)
def test_what_is_refused(
    tmp_path: Path, flags: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = read(60)
    columns |= {"empty": [""] * 60, "few": [1, "", 0, *[""] * 57], "majority": columns["r1"]}
    source = write_csv(tmp_path / "s.csv", columns)
    words = flags if "--attributes" in flags else (*flags, "--attributes", "gender")
    assert report(source, tmp_path / "out", *words) in (2, 3)
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "out" / "report").exists()


def test_a_table_of_images_is_audited_against_its_readers(tmp_path: Path) -> None:
    write_model(tmp_path / "models", "edge", with_probes(SPEC), edge_grey())
    rng, n = np.random.default_rng(0), 60
    table: Table = {"file": [], "sex": ["F", "M"] * (n // 2), "r1": [], "r2": [], "r3": []}
    for i in range(n):
        Pillow.fromarray(np.full((200, 200), 4 * i, np.uint8)).save(tmp_path / f"{i}.png")
        table["file"].append(f"{i}.png")
        for k in (1, 2, 3):
            table[f"r{k}"].append("yes" if i + rng.normal(0, 12) > 30 else "no")
    table["r3"] = [label if i % 3 else "" for i, label in enumerate(table["r3"])]
    source = write_csv(tmp_path / "images.csv", table)
    (tmp_path / "data.yaml").write_text("reader_labels: [r1, r2, r3]\npositive: 'yes'\n")
    model = tmp_path / "models" / "edge" / "1" / "model.onnx"
    words = ["--onnx", str(model), "--data", str(source), "--attributes", "sex"]
    words += ["--out", str(tmp_path / "out"), "--replicates", "100"]
    assert run(words) == 0
    votes = np.array([[{"yes": 1, "no": -1, "": 0}[x] for x in table[f"r{k}"]] for k in (1, 2, 3)])
    lead = votes.sum(axis=0)
    found = document(tmp_path / "out")
    assert found["provenance"]["reader_labels"]["undecided"] == int((lead == 0).sum()) > 0
    assert found["provenance"]["data"]["n"] == n
    expected = roc_auc_score(lead[lead != 0] > 0, np.arange(n)[lead != 0])
    lines = numbers(of_reader(tmp_path / "out", "majority"))
    assert lines["overall", "all", "auc"]["value"] == pytest.approx(expected, abs=1e-12)
    seen = votes[2] != 0
    expected = roc_auc_score(votes[2][seen] > 0, np.arange(n)[seen])
    lines = numbers(of_reader(tmp_path / "out", "r3"))
    assert lines["overall", "all", "auc"]["value"] == pytest.approx(expected, abs=1e-12)
