"""The package for notebooks: the numbers of the commands, from arrays of any kind."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scored_files import cohort, report, write_csv

import fair_audit
from fairness.errors import DataError, FairAuditError, UsageError


@pytest.fixture(scope="module")
def columns() -> dict[str, list[Any]]:
    return cohort(500)


def of_arrays(columns: dict[str, list[Any]], **flags: Any) -> fair_audit.Result:
    return fair_audit.report(
        np.array(columns["target"]),
        torch.tensor(columns["score"], dtype=torch.float64),
        groups={"race": columns["race"], "gender": np.array(columns["gender"], dtype=object)},
        patients=columns["patient"],
        ids=columns["id"],
        covariates={"age": columns["age"]},
        **{"replicates": 100, **flags},
    )


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "report" / "groups.csv").open(newline="") as file:
        return [{k: v for k, v in row.items() if k != "split"} for row in csv.DictReader(file)]


def test_arrays_give_the_numbers_of_the_command(
    columns: dict[str, list[Any]], tmp_path: Path
) -> None:
    source = write_csv(tmp_path / "same.csv", {k: v for k, v in columns.items() if k != "site"})
    flags = ("--attributes", "race,gender", "--intersect", "race*gender", "--age-bins", "40,60")
    assert report(source, tmp_path / "command", *flags, "--patient", "patient") == 0
    found = of_arrays(columns, intersect="race*gender", age_bins="40,60")
    expected = rows(tmp_path / "command")
    assert len(expected) > 100
    assert rows(found.folder) == expected


def test_a_result_shows_itself_and_can_be_kept(
    columns: dict[str, list[Any]], tmp_path: Path
) -> None:
    found = of_arrays(columns)
    assert found.verdict is None
    frame = found._repr_html_()
    assert frame.startswith("<iframe sandbox srcdoc=")
    assert frame.count("<") == 2  # the page is escaped inside its attribute
    kept = found.save(tmp_path / "kept")
    assert kept.document["rows"] == found.document["rows"]
    with pytest.raises(UsageError, match="is there"):
        found.save(tmp_path / "kept")


def test_a_frame_needs_pandas_or_says_so(columns: dict[str, list[Any]]) -> None:
    found = of_arrays(columns)
    try:
        import pandas  # type: ignore[import-not-found, import-untyped, unused-ignore]  # noqa: F401
    except ImportError:
        with pytest.raises(UsageError, match="pandas is not installed"):
            found.to_frame()
        return
    assert len(found.to_frame()) == len(found.document["rows"])


def test_two_reports_are_compared(columns: dict[str, list[Any]], tmp_path: Path) -> None:
    found = of_arrays(columns)
    same = fair_audit.compare(found, found, replicates=100, out=tmp_path / "pair")
    assert {c["value"] for c in same.document["changes"] if c["value"] is not None} == {0.0}
    assert (tmp_path / "pair" / "compare.html").exists()
    assert "iframe" in same._repr_html_()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"y_score": [0.1, 0.2]}, "different lengths"),
        ({"y_score": np.zeros((40, 2))}, "an array of shape"),
        ({"groups": {}}, "at least one attribute"),
        ({"groups": {"score": ["a"] * 40}}, "'score' would be there twice"),
        ({"y_true": [2] * 40}, "target"),
        ({"intersect": "race*age"}, "--intersect"),
    ],
)
def test_what_cannot_be_reported_is_raised(changed: dict[str, Any], said: str) -> None:
    arguments: dict[str, Any] = {
        "y_true": [0, 1] * 20, "y_score": [0.2, 0.8] * 20, "groups": {"race": ["A", "B"] * 20},
    }  # fmt: skip
    with pytest.raises(FairAuditError, match=said):
        fair_audit.report(**{**arguments, **changed})


def test_a_server_that_is_not_there_is_raised() -> None:
    with pytest.raises(FairAuditError, match="127.0.0.1:9"):
        fair_audit.audit("127.0.0.1:9", model="m")


def test_unknown_groups_may_be_none_or_nan() -> None:
    mixed = ["A", None, float("nan"), "B"] * 20
    found = fair_audit.report(
        [0, 1] * 40, np.linspace(0, 1, 80), groups={"race": mixed}, suppress_below=1,
        suppress_positives_below=0, replicates=100,
    )  # fmt: skip
    of_unknown = [
        r for r in found.document["rows"] if (r["attribute"], r["group"]) == ("race", "unknown")
    ]
    assert [r["n"] for r in of_unknown if r["metric"] == "auc"] == [40]


def test_bad_columns_name_their_shape() -> None:
    with pytest.raises(DataError, match=r"shape \(2, 2\)"):
        fair_audit.report(np.zeros((2, 2)), [0.1, 0.2], groups={"g": ["a", "b"]})
