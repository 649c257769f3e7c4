"""A described model that takes age, sex, tokens and a constant beside the image, on the server."""

import json
import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from fair_audit_runs import audit, failure
from PIL import Image as Pillow

from audit.cli import run

pytest_plugins = ["audit_fixtures"]

BESIDE = """task: classification
target: finding
threshold: 0.5
input: {name: x, layout: NCHW, size: [24, 28], resize: squash, filter: box, normalise: unit}
inputs:
  age: {column: age, subtract: 50, divide_by: 20, unknown: 0.25, dtype: fp32}
  sex: {column: sex, codes: {Female: 0, Male: 1}, unknown: -1}
  tokens: {column: words, pad: 0}
  bias: {constant: [0.5, -0.25], shape: [2, 1]}
output: {name: y, holds: logit}
"""
AGES = ["40", "", "90", "65.5", "NaN", "30"]
SEXES = ["Female", "Male", "n/a", "F", "Male", "Female"]
WORDS = ["1 2 3", "4", "list.npy", "-3, 0, 3", "7 8", "9 9 9"]
TOKENS = [[1, 2, 3], [4, 0, 0], [5, 6, 7], [-3, 0, 3], [7, 8, 0], [9, 9, 9]]


def table(folder: Path, **changes: str) -> Path:
    """Twelve grey squares; a change to a column is of the fourth row."""
    np.save(folder / "list.npy", np.array([[5, 6, 7]], np.int16))
    lines = ["file,finding,site,age,sex,words"]
    for i in range(12):
        Pillow.fromarray(np.full((30, 30), 20 * i, np.uint8)).save(folder / f"{i:02}.png")
        cells = {"age": AGES[i % 6], "sex": SEXES[i % 6], "words": WORDS[i % 6]}
        if i == 3:
            cells |= changes
        lines.append(f'{i:02}.png,{i % 2},{"AB"[i // 6]},{cells["age"]},{cells["sex"]},'
                     f'"{cells["words"]}"')  # fmt: skip
    (folder / "people.csv").write_text("\n".join(lines))
    return folder / "people.csv"


def flags(folder: Path, text: str = BESIDE, **changes: str) -> tuple[object, ...]:
    (folder / "model.yaml").write_text(text)
    data = ("--data", table(folder, **changes), "--attributes", "site", "--map", "sex:F=Female")
    model = ("--model", "foreign_beside", "--spec", folder / "model.yaml")
    return (*model, *data, "--replicates", 100, "--out", folder / "run")


def test_every_sample_is_sent_with_its_own_numbers(endpoint: str, tmp_path: Path) -> None:
    assert audit(endpoint, *flags(tmp_path)) == 0
    rows = pq.read_table(tmp_path / "run" / "records" / "outcomes.parquet").to_pydict()
    assert rows["id"] == [f"{i:02}.png" for i in range(12)]
    ages = [-0.5, 0.25, 2.0, 0.775, 0.25, -1.0]
    sexes = [0, 1, -1, 0, 1, 0]
    logits = [
        20 * i / 255 + ages[i % 6] + 2 * sexes[i % 6] + np.mean(TOKENS[i % 6]) + 0.25
        for i in range(12)
    ]
    np.testing.assert_allclose(rows["score"], 1 / (1 + np.exp(-np.array(logits))), atol=1e-5)


def test_probes_of_samples_carry_their_numbers(
    endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = flags(tmp_path)
    tried = [str(word) for word in words if word not in ("--replicates", 100, "--out")][:-1]
    assert run(["init", "--endpoint", endpoint, *tried, "--probes", "5"]) == 0
    assert audit(endpoint, *words) == 0
    about = json.loads((tmp_path / "run" / "report" / "report.json").read_text())
    assert about["provenance"]["model"]["identity"].startswith("verified against ")
    capsys.readouterr()
    changed = flags(tmp_path, BESIDE.replace("subtract: 50", "subtract: 51"))
    out = ("--out", tmp_path / "again")
    assert "record" in failure(capsys, 2, endpoint, *changed[:-2], *out)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  bias: {constant: [0.5, -0.25], shape: [2, 1]}\n", "",
         "line 4, input.name: model 'foreign_beside' also needs 'bias'; say under 'inputs'"),
        ("  bias:", "  beta:", "line 4, input.name: .* also needs 'bias'"),
        ("  sex:", "  dose: {constant: 1}\n  sex:", "line 7, inputs.dose: .* no such input, but"),
        ("column: age", "column: aeg", "line 6, inputs.age: .*people.csv has no column 'aeg'"),
        ("dtype: fp32", "dtype: fp64", "line 6, inputs.age.dtype: the server takes FP32"),
        (", shape: [2, 1]", ", shape: [1, 2]", "inputs.bias.shape: the server says .-1, 2, 1."),
        ("0.5, -0.25", "1, 2, 3", "line 9, inputs.bias.shape: .* of 3 numbers"),
        ("column: sex", "constant: 1", "line 7, inputs.sex.codes: is for columns"),
        ("  age:", "  x:", "line 6, inputs.x: is the image by 'input'"),
        ("divide_by: 20", "divide_by: 0", "line 6, inputs.age.divide_by: is 0"),
        ("{column: age,", "{column: age, constant: 1,", "line 6, inputs.age.column: name a column"),
        ("  sex: {column: sex, codes: {Female: 0, Male: 1}, unknown: -1}", "  sex: {constant: 0.5}",
         "line 7, inputs.sex.constant: holds 0.5, which int64 does not hold"),
        ("Female: 0", "no: 0", "codes.False: YAML reads this word as yes or no"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_named_before_anything_is_sent(
    endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    old: str, new: str, message: str,
) -> None:  # fmt: skip
    assert BESIDE.count(old) == 1
    line = failure(capsys, 2, endpoint, *flags(tmp_path, BESIDE.replace(old, new)))
    assert re.search(message, line), line
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "without", "message"),
    [
        ({"age": "old"}, "", "row 4: 'age' is 'old', expected a number"),
        ({"age": "1e99"}, "", "row 4: 'age' holds 5e.97, which float32 does not hold"),
        ({"sex": "Other"}, "", "row 4: 'sex' is 'Other', and 'codes' has Female, Male"),
        ({"words": "1 2 3 4"}, "", "row 4: 'words' holds 4 numbers, where the model takes 3"),
        ({"words": "1 2.5 3"}, "", "row 4: 'words' holds 2.5, which int32 does not hold"),
        ({"words": "1 2 9e9"}, "", "row 4: 'words' holds 9e.09, which int32 does not hold"),
        ({"words": "none.npy"}, "", r"row 4: 'words' no file .*none\.npy"),
        ({"words": "../l.npy"}, "", "row 4: 'words' '../l.npy' lies outside"),
        ({}, "unknown: 0.25, ", "row 2: 'age' is '', which says nothing, and there is no 'unknown"),
        ({}, ", unknown: -1", "row 3: 'sex' is 'n/a', which says nothing"),
        ({}, ", pad: 0", "row 2: 'words' holds 1 numbers, where the model takes 3"),
    ],
)
def test_a_value_that_cannot_be_sent_names_table_row_and_line(
    endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    changes: dict[str, str], without: str, message: str,
) -> None:  # fmt: skip
    text = BESIDE.replace(without, "") if without else BESIDE
    line = failure(capsys, 3, endpoint, *flags(tmp_path, text, **changes))
    assert re.search(rf"people.csv {message}.*\(.*model.yaml line \d, inputs", line), line
    assert not (tmp_path / "run").exists()
