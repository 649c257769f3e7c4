"""Anybody's file: what is read from it, and the one line where it cannot be."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scored_files import cohort, report, write_csv

from audit.records.columns import Columns
from audit.records.outcomes import write_outcomes
from audit.records.predictions import read_predictions
from fairness.attributes import RACE, Attribute
from fairness.errors import DataError, FairAuditError
from fairness.outcomes import Answered, Cases, Names
from fairness.tasks.binary import BinaryTask
from fairness.tasks.masks import MaskTask

Change = Callable[[dict[str, list[object]]], object]


def put(name: str, row: int, value: object) -> Change:
    return lambda columns: columns[name].__setitem__(row, value)


def rename(old: str, new: str) -> Change:
    return lambda columns: columns.__setitem__(new, columns.pop(old))


@pytest.mark.parametrize(
    ("change", "flags", "code", "message"),
    [
        (put("target", 4, ""), (), 3, "'target' is blank in row 5"),
        (put("target", 4, "nan"), (), 3, "'target' is blank .'nan'. in row 5"),
        (put("target", 4, 2), (), 3, "must have two values, .* but has 0, 1, 2"),
        (put("score", 4, ""), (), 3, "'score' is blank or not finite in row 5"),
        (put("score", 4, "inf"), (), 3, "'score' is blank or not finite in row 5"),
        (put("score", 4, "high"), (), 3, "'score' is 'high' in row 5, expected a number"),
        (put("id", 4, "s0000"), (), 3, "repeats ids .'s0000' in rows 1 and 5."),
        (put("id", 4, ""), (), 3, "blank id in row 5 of column 'id'"),
        (put("id", 4, "NaN"), (), 3, "blank id in row 5 of column 'id'"),
        (put("race", 4, "all"), (), 3, "'race' has a group 'all'"),
        (lambda c: c.update(target=[1] * 60), (), 3, "must have two values"),
        (lambda c: [v.clear() for v in c.values()], (), 3, "it has no rows"),
        (lambda c: None, ("--id", "key"), 2, "no column 'key'"),
        (lambda c: None, ("--patient", "person"), 2, "no column 'person'"),
        (lambda c: None, ("--attributes", "age"), 2, "'age' has 39 different numbers.*--age-bins"),
        (rename("target", "label"), (), 2, "no column 'target' .it has: id, "),
        (rename("score", "p"), (), 2, "no column 'score'"),
        (lambda c: [c.pop("race"), c.pop("gender")], (), 2, "with --attributes"),
        (lambda c: None, ("--attributes", "sex"), 2, "no column 'sex'"),
        (lambda c: None, ("--attributes", "target"), 2, "'target' cannot be an attribute"),
        (lambda c: None, ("--positive", "yes"), 3, "one of them 'yes'"),
        (lambda c: None, ("--threshold", "nan"), 2, "nan is no number"),
        (lambda c: None, ("--threshold", "absent.json"), 2, "No such file"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: Change,
    flags: tuple[str, ...],
    code: int,
    message: str,
) -> None:
    columns = cohort(60)
    change(columns)
    assert report(write_csv(tmp_path / "f.csv", columns), tmp_path / "out", *flags) == code
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert re.search(message, line), line


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\x00\x00", b'id,race\n"open'])
@pytest.mark.parametrize("name", ["f.csv", "f.parquet"])
def test_what_is_no_table_is_a_data_error(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FairAuditError) as caught:
        read_predictions(tmp_path / name, Columns(attributes=("race",)))
    assert "\n" not in str(caught.value)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="absent.csv: no such file"):
        read_predictions(tmp_path / "absent.csv", Columns())


def test_unknown_has_many_spellings_and_names_stay_texts(tmp_path: Path) -> None:
    columns = cohort(60)
    columns["race"] = ["-1", "unknown", "NaN", "None", " ", "", *["007", "7", "x\ty"] * 18]
    columns["patient"] = ["", "", *[f"0{i}" for i in range(58)]]
    found = read_predictions(write_csv(tmp_path / "f.csv", columns), Columns()).answered.cases
    race = {a.name: a for a in found.attributes}["race"]
    assert race.groups == ("007", "7", "x y")
    assert found.codes["race"].tolist() == [-1] * 6 + [0, 1, 2] * 18
    assert found.patients[:3] == ("s0000", "s0001", "00")  # a blank patient is nobody else's
    assert set(found.covariates) == {"age", "site", "md"}


def test_numbers_and_booleans_of_a_foreign_parquet_file(tmp_path: Path) -> None:
    table = pa.table(
        {
            "disease": [True, False, True, False],
            "p": pa.array([1, 0, 1, 0], pa.int8()),
            "site": pa.array([1.0, 2.0, float("nan"), -1.0]),
            "score": [9.0, 9.0, 9.0, 9.0],
        }
    )
    pq.write_table(table, tmp_path / "f.parquet")
    columns = Columns(target="disease", score="p", attributes=("site",))
    found = read_predictions(tmp_path / "f.parquet", columns)
    cases, labels = found.answered.cases, found.answered.labels
    assert found.task is BinaryTask
    assert labels is not None
    assert labels.tolist() == [1, 0, 1, 0]
    assert cases.attributes[0].groups == ("1", "2")
    assert cases.codes["site"].tolist() == [0, 1, -1, -1]
    assert cases.ids == ("0", "1", "2", "3") == cases.patients
    assert cases.covariates == {}  # another `score` would overwrite ours when written
    assert found.names is None


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    one = read_predictions(write_csv(tmp_path / "f.csv", cohort(60)), Columns())
    names = Names("m", "d", "s")
    write_outcomes(tmp_path / "f.parquet", one.answered, ("score",), one.split_sha256, names)
    two = read_predictions(tmp_path / "f.parquet", Columns())
    assert (two.names, two.split_sha256) == (names, one.split_sha256)
    np.testing.assert_array_equal(one.answered.values["score"], two.answered.values["score"])
    assert one.answered.labels is not None
    assert two.answered.labels is not None
    np.testing.assert_array_equal(one.answered.labels, two.answered.labels)
    a, b = one.answered.cases, two.answered.cases
    assert (a.ids, a.patients, a.attributes) == (b.ids, b.patients, b.attributes)
    for name, codes in a.codes.items():
        np.testing.assert_array_equal(codes, b.codes[name])
    for name, values in a.covariates.items():
        np.testing.assert_array_equal(values, b.covariates[name])


def test_our_own_file_may_hold_a_federation_of_many_sites(tmp_path: Path) -> None:
    sites = Attribute("site", tuple(map(str, range(30))))
    cases = Cases(
        ids=tuple(map(str, range(60))),
        patients=tuple(map(str, range(60))),
        attributes=(sites,),
        codes={"site": np.arange(60) % 30},
        covariates={},
    )
    label, score = np.arange(60) % 2, np.linspace(0, 1, 60)
    answered = Answered(cases=cases, labels=label, values={"score": score})
    path = tmp_path / "outcomes.parquet"
    write_outcomes(path, answered, ("score",), "0" * 64, Names("m", "d", "s"))
    found = read_predictions(path, Columns(attributes=("site",))).answered.cases
    assert set(found.attributes[0].groups) == set(sites.groups)


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("target,score,race,race\n0,0.1,A,A\n1,0.2,B,B\n")
    with pytest.raises(DataError, match="several columns 'race'"):
        read_predictions(tmp_path / "f.csv", Columns())


def test_scores_of_masks_are_read_back_as_such(tmp_path: Path) -> None:
    cases = Cases(
        ids=("a", "b"),
        patients=("p", "q"),
        attributes=(RACE,),
        codes={"race": np.array([2, -1])},
        covariates={"age": np.array([60.0, 61.0])},
    )
    scores = {"rim_dice": np.array([0.5, 0.75]), "rim_hd95": np.array([np.nan, 3.0])}
    answered = Answered(cases=cases, labels=None, values=scores)
    write_outcomes(tmp_path / "masks.parquet", answered, MaskTask().stored, "0" * 64)
    found = read_predictions(tmp_path / "masks.parquet", Columns())
    assert found.task is MaskTask
    assert found.answered.labels is None
    assert list(found.answered.values) == ["rim_dice", "rim_hd95"]
    for name, values in scores.items():
        np.testing.assert_array_equal(found.answered.values[name], values)
    assert found.answered.cases.codes["race"].tolist() == [2, -1]
    assert list(found.answered.cases.covariates) == ["age"]
