"""FairCLIP's own predictions, scored again: every column of its results, and what is refused."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scored_files import document, golden, report, rows

MINI = golden("classification_metrics")["four_attributes"]
ALL_SHOWN = ("--suppress-below", 0, "--suppress-positives-below", 0)
NAMES = ("race", "gender", "ethnicity", "language")


def arrays() -> dict[str, Any]:
    """As the released evaluation saves them."""
    given = MINI["input"]
    return {
        "val_pred": np.array(given["p"]),
        "val_gt": np.array(given["y"], dtype=np.float32),
        "val_attr": np.array([given["attrs"][name] for name in NAMES]).T,
    }


def write(path: Path, **changes: Any) -> Path:
    np.savez(path, **{**arrays(), **changes})
    return path


def results(out: Path) -> tuple[list[str], list[str]]:
    with (out / "report" / "original_results.csv").open(encoding="utf-8", newline="") as file:
        header, row = csv.reader(file)
    return header, row


def test_every_column_of_fairclip_s_results_is_reproduced(tmp_path: Path) -> None:
    source = write(tmp_path / "pred_gt_ep007.npz")
    assert report(source, tmp_path / "run", "--compat", "fairclip", *ALL_SHOWN) == 0
    header, row = results(tmp_path / "run")
    expected = MINI["expected"]
    numbers = [7, expected["acc"], *expected["es_acc_by_attr"], expected["auc"]]
    numbers += expected["es_auc_by_attr"]
    numbers += [value for groups in expected["auc_by_attr_and_group"] for value in groups]
    numbers += [*expected["dpd_by_attr"], *expected["deodds_by_attr"]]
    numbers += [value for pair in expected["std_max_disparity_by_attr"] for value in pair]
    assert row[-1] == str(source)
    assert [float(cell) for cell in row[:-1]] == pytest.approx(numbers, abs=1e-9)
    assert header[:6] == ["epoch", "acc", *(f"es_acc_attr{i}" for i in range(4))]
    assert header[11:14] == [f"auc_attr0_group{code}" for code in range(3)]
    assert len(set(header)) == len(header) == len(row)


def test_our_report_of_fairclip_s_file_names_groups_and_needs_no_flags(tmp_path: Path) -> None:
    assert report(write(tmp_path / "p.npz"), tmp_path / "run", *ALL_SHOWN) == 0
    found = rows(tmp_path / "run")
    expected = MINI["expected"]["auc_by_attr_and_group"]
    groups = (("Asian", "Black", "White"), ("Female", "Male"), ("Non-Hispanic", "Hispanic"))
    for name, of_name, values in zip(NAMES, groups, expected, strict=False):
        aucs = [found[name, group, "auc"]["value"] for group in of_name]
        assert aucs == pytest.approx(values, abs=1e-9)
    assert not (tmp_path / "run" / "report" / "original_results.csv").exists()


def test_small_groups_are_hidden_in_fairclip_s_results_too(tmp_path: Path) -> None:
    source = write(tmp_path / "pred_gt_ep007.npz")
    assert report(source, tmp_path / "run", "--compat", "fairclip") == 0
    found = dict(zip(*results(tmp_path / "run"), strict=True))
    told = {r["attribute"] + r["group"]: r for r in document(tmp_path / "run")["compat"]}
    assert told["languageSpanish"]["original"] == "hidden"
    assert found["auc_attr3_group1"] == found["es_auc_attr3"] == ""
    assert float(found["auc"]) == pytest.approx(MINI["expected"]["auc"], abs=1e-9)


def test_unknown_codes_of_fairclip_are_said_and_dropped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = arrays()["val_attr"]
    extra = np.array([[2, 0, -1, 0], [2, 1, -1, -1]])
    source = write(
        tmp_path / "pred.npz",
        val_pred=np.append(arrays()["val_pred"], [0.9, 0.1]),
        val_gt=np.append(arrays()["val_gt"], [0, 1]),
        val_attr=np.concatenate([codes, extra]),
    )
    assert report(source, tmp_path / "run", "--compat", "fairclip", *ALL_SHOWN) == 0
    assert "2 rows hold the code -1" in " ".join(capsys.readouterr().out.split())
    found = dict(zip(*results(tmp_path / "run"), strict=True))
    assert float(found["auc"]) == pytest.approx(MINI["expected"]["auc"], abs=1e-9)
    assert rows(tmp_path / "run")["ethnicity", "unknown", "auc"]["n"] == 2
    assert found["epoch"] == ""


def test_an_absent_group_of_fairclip_s_leaves_its_column_empty(tmp_path: Path) -> None:
    codes = arrays()["val_attr"].copy()
    codes[codes[:, 0] == 1, 0] = 2
    source = write(tmp_path / "pred_gt_ep001.npz", val_attr=codes)
    assert report(source, tmp_path / "run", "--compat", "fairclip", *ALL_SHOWN) == 0
    found = dict(zip(*results(tmp_path / "run"), strict=True))
    assert found["auc_attr0_group1"] == ""
    asian = MINI["expected"]["auc_by_attr_and_group"][0][0]
    assert float(found["auc_attr0_group0"]) == pytest.approx(asian, abs=1e-9)


def pickled() -> dict[str, Any]:
    return {"val_pred": np.array([{"a": 1}] * 60, dtype=object)}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (pickled, "'val_pred' is an array of Python objects"),
        (lambda: {"val_pred": np.zeros((60, 2))}, "'val_pred' has shape (60, 2), not (60,)"),
        (lambda: {"val_gt": np.zeros(59)}, "'val_gt' has shape (59,), not (60,)"),
        (lambda: {"val_attr": np.zeros((60, 3))}, "'val_attr' has shape (60, 3), not (60, 4)"),
        (lambda: {"val_pred": np.float64(0.5)}, "'val_pred' has shape ()"),
        (lambda: {"val_pred": np.full(60, np.nan)}, "row 1 of 'val_pred' is not finite"),
        (lambda: {"val_pred": np.float64(np.nan)}, "row 1 of 'val_pred' is not finite"),
        (
            lambda: {"val_attr": np.where(np.arange(240).reshape(60, 4) == 239, np.inf, 0.0)},
            "row 60 of 'val_attr' is not finite",
        ),
        (lambda: {"val_gt": np.full(60, 2)}, "row 1 of 'val_gt' holds 2, not one of 0, 1"),
        (lambda: {"val_attr": np.full((60, 4), 2)}, "row 1 of 'val_attr' holds 2, not one of"),
        (lambda: {"val_attr": np.full((60, 4), "a")}, "'val_attr' holds <U1, not numbers"),
        (lambda: {"val_pred": np.zeros(0), "val_gt": np.zeros(0)}, "'val_pred' has shape (0,)"),
    ],
)
def test_hostile_files_of_fairclip_are_one_line(
    changes: Callable[[], dict[str, Any]], said: str,
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    source = write(tmp_path / "pred.npz", **changes())
    assert report(source, tmp_path / "run") == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert str(source) in line
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"race,target\n"])
def test_a_file_that_only_ends_like_fairclip_s_is_one_line(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "pred.npz"
    source.write_bytes(content)
    assert report(source, tmp_path / "run") == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert "corrupt npz" in line
    assert "name a file that FairCLIP's evaluation wrote" in line
