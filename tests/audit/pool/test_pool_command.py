"""`fair-audit summary` and `fair-audit pool`, from runs to the pooled report; every refusal."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pooled_sites import summarised, write_site
from scored_files import cohort, document, rows
from sklearn.metrics import roc_auc_score

from audit.cli import run
from fairness.pooling.document import digest

pytest_plugins = ["two_sites"]

Content = dict[str, Any]


def test_files_of_runs_become_one_report(
    sites: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pooled"
    files = [str(sites / f"{name}.json") for name in ("north", "south")]
    assert run(["pool", *files, "--out", str(out)]) == 0
    found, told = rows(out), capsys.readouterr().out
    both = [cohort(300, seed) for seed in (1, 2)]
    y, score, gender = (
        np.concatenate([np.array(one[name]) for one in both])
        for name in ("target", "score", "gender")
    )
    with (out / "binning.csv").open() as file:
        binned = {(r["attribute"], r["group"]): r for r in csv.DictReader(file)}
    for group in ("Female", "Male"):
        inside = gender == group
        predicted = score[inside & (y == 1)] >= 0.5
        of_group = found["gender", group, "true_positive_rate"]
        assert of_group["value"] == pytest.approx(predicted.mean(), abs=1e-12)
        exact = roc_auc_score(y[inside], score[inside])
        cells = binned["gender", group]
        assert float(cells["lowest"]) <= exact <= float(cells["highest"])
        assert f"{float(cells['cost']):.3f}" in told
    assert "no file says which weights were audited" in told
    about = document(out)["provenance"]
    assert [site["site"] for site in about["pooled"]] == ["north", "south"]
    assert {"gender | site north", "gender | site south", "site"} <= {r[0] for r in found}
    assert run(["verify", str(out)]) == 0
    assert "binning cost at most" in (out / "report" / "report.html").read_text()


def test_a_group_that_the_report_hides_is_in_no_file(tmp_path: Path) -> None:
    write_site(tmp_path, "wide", 1, "--suppress-below", "95")
    shown = json.loads(summarised(tmp_path, "wide", "--suppress-below", "11").read_text())
    race = shown["attributes"][0]
    hidden = {r["group"] for r in document(tmp_path / "wide")["rows"] if r["suppressed"]}
    assert "Asian" in hidden
    assert race["withheld"]["Asian"] == "hidden in the report"
    assert "Asian" not in {part["group"] for part in race["parts"]}


def changed(text: str, change: Callable[[Content], None], *, signed: bool = True) -> str:
    """A file's text with a change, its digest made anew if `signed`."""
    content = json.loads(text)
    stated = content.pop("sha256")
    change(content)
    content["sha256"] = digest(content) if signed else stated
    return json.dumps(content)


def put(*path: str | int, value: object) -> Callable[[Content], None]:
    """A change of one value inside nested keys."""

    def change(content: Any) -> None:
        for key in path[:-1]:
            content = content[key]
        content[path[-1]] = value

    return change


FAULTS = {
    "site north again": put("site", value="north"),
    "scale and threshold do": put("threshold", value=0.4),
    "model other": put("model", "name", value="other"),
    "weights " + "b" * 64: put("model", "sha256", value="b" * 64),
    "label stroke": put("label", value="stroke"),
    "another format": put("format", value=2),
    "no summary of a site": put("kind", value="report"),
    "no summary of a site: everybody.people": put("everybody", "people", value="many"),
    "its people are not those": put("people", value=10**6),
    "are not those of its histogram": put("everybody", "negatives", "counts", 0, value=99),
    "no such edges": put("everybody", "negatives", "edges", 1, value=-5.0),
    "impossible": put("everybody", "sums", "brier_score", "total", value=1e9),
    "is not that of its histogram": put("everybody", "auc", "value", value=0.1),
    "fewer people of a class": put("attributes", 1, "parts", 0, "people_of_class", value=[3, 4]),
    "missing, or there twice": put("attributes", 1, "groups", value=["Female"]),
    "is no name": put("site", value="a\nb"),
}


@pytest.mark.parametrize("said", FAULTS)
def test_a_file_that_does_not_fit_is_refused_in_one_line(
    sites: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], said: str
) -> None:
    path = tmp_path / "south.json"
    path.write_text(changed((sites / "south.json").read_text(), FAULTS[said]))
    assert said in refusal(sites, path, capsys)


def test_sites_that_decide_at_other_thresholds_are_not_pooled(
    sites: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    low = write_site(tmp_path, "low", 3, "--threshold", "0.4")
    assert "threshold 0.4" in refusal(sites, low, capsys)


def refusal(sites: Path, path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line, naming the file, in which pooling with north.json ends; nothing is written."""
    capsys.readouterr()
    out = path.parent / "out"
    assert run(["pool", str(sites / "north.json"), str(path), "--out", str(out)]) in (2, 3)
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert str(path) in line
    assert not out.exists()
    return line


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": NaN}', '{"a": 1e999}', "\x00", "[" * 10**5])
def test_what_is_no_json_is_refused_in_one_line(
    sites: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    (tmp_path / "odd.json").write_text(text)
    files = [str(sites / "north.json"), str(tmp_path / "odd.json")]
    assert run(["pool", *files, "--out", str(tmp_path / "out")]) == 3
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "odd.json" in line


def test_a_change_without_a_new_digest_is_noticed(
    sites: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = changed((sites / "south.json").read_text(), put("label", value="other"), signed=False)
    (tmp_path / "south.json").write_text(text)
    files = [str(sites / "north.json"), str(tmp_path / "south.json")]
    assert run(["pool", *files, "--out", str(tmp_path / "out")]) == 3
    assert "changed since it was written" in capsys.readouterr().err


def test_flags_that_make_no_sense_are_refused(
    sites: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    north, out = str(sites / "north.json"), str(tmp_path / "out")
    for words, said in (
        (["pool", "--out", out], "two sites"),
        (["pool", north, "--out", out], "nothing to pool it with"),
        (["pool", north, north, "--out", out], "named twice"),
        (["pool", north, str(tmp_path / "none.json"), "--out", out], "No such file"),
        (["summary", str(sites / "north"), "--site", "a\nb", "--label", "x"], "--site"),
        (["summary", str(sites / "north"), "--site", "a"], "--label"),
        (["summary", str(tmp_path), "--site", "a"], "report.json"),
        (["summary", str(sites / "north"), "--site", "a", "--weights-sha256", "1"], "64 digits"),
    ):
        assert run(words) in (2, 3)
        (line,) = capsys.readouterr().err.strip().splitlines()
        assert said in line
