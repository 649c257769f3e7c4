"""16-bit images through a described model on the real server: never rounded on their way."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pyarrow.parquet as pq
import pytest
from fair_audit_runs import audit, failure
from PIL import Image as Pillow
from served_foreign import colours

from fairness.arrays import Array

pytest_plugins = ["audit_fixtures"]

PEOPLE, LOW, HIGH = 12, 1000, 61000
COLOURS = """task: classification
target: finding
threshold: 0.5
input:
  name: x
  layout: NCHW
  colour: rgb
  size: [24, 28]
  resize: squash
  filter: bilinear
  normalise: {divide_by: 255, mean: [0.5], std: [0.004]}
  window: [1000, 61000]
output: {name: y, holds: logits, positive: 1}
"""
"""Of a model that tells apart what lies within three grey levels of 8 bits."""


def deep(number: int) -> Array:
    """Values around the middle of the window, within 2 of 255 grey levels."""
    rng = np.random.default_rng(number)
    return rng.integers(30_800, 31_200, [(40, 50), (33, 33)][number % 2], dtype=np.uint16)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """PNG, TIFF and npy files of 16 bits."""
    folder = tmp_path_factory.mktemp("deep")
    writers: list[tuple[str, Callable[[Path, Array], object]]] = [
        ("png", lambda p, v: Pillow.fromarray(v).save(p)),
        ("tif", lambda p, v: Pillow.fromarray(v).save(p)),
        ("npy", lambda p, v: np.save(p, v)),
    ]
    rows = [["file", "id", "finding", "sex"]]
    for number in range(PEOPLE):
        ending, write = writers[number % 3]
        write(folder / f"{number}.{ending}", deep(number))
        rows.append([f"{number}.{ending}", f"{number:02}", str(number % 2), "FM"[number // 6]])
    with (folder / "deep.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return folder / "deep.csv"


def flags(table: Path, spec: Path, out: Path, text: str) -> tuple[object, ...]:
    spec.write_text(text)
    data = ("--data", table, "--attributes", "sex", "--replicates", 100)
    return ("--model", "foreign_colours", "--spec", spec, *data, "--out", out)


def expected_of(number: int, *, rounded: bool) -> float:
    """Window, resize and normalisation by numpy and Pillow, the answer by ONNX Runtime."""
    grey = (deep(number).astype(np.float64) - LOW) / (HIGH - LOW) * 255
    source = np.rint(grey).astype(np.uint8) if rounded else grey.astype(np.float32)
    small = Pillow.fromarray(source).resize((28, 24), Pillow.Resampling.BILINEAR)
    tensor = (np.asarray(small, dtype=np.float64) / 255 - 0.5) / 0.004
    sent = np.stack([tensor] * 3).astype(np.float32)[None]
    session = onnxruntime.InferenceSession(colours(), providers=["CPUExecutionProvider"])
    logits = session.run(None, {"x": sent})[0][0].astype(float)
    return float(1 / (1 + np.exp(logits[0] - logits[1])))


def scores(out: Path) -> list[float]:
    rows = pq.read_table(out / "records" / "outcomes.parquet").to_pydict()
    assert rows["id"] == [f"{number:02}" for number in range(PEOPLE)]
    return list(rows["score"])


def test_a_window_of_the_description_rounds_nothing_and_a_flag_rounds(
    endpoint: str, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, exact, rounded = tmp_path / "model.yaml", tmp_path / "exact", tmp_path / "rounded"
    assert audit(endpoint, *flags(table, spec, exact, COLOURS)) == 0
    assert "more than 8 bits: 1000 is black, 61000 white" in " ".join(
        capsys.readouterr().out.split()
    )
    wanted = [expected_of(number, rounded=False) for number in range(PEOPLE)]
    np.testing.assert_allclose(scores(exact), wanted, atol=1e-4)
    text = COLOURS.replace("  window: [1000, 61000]\n", "")
    assert audit(endpoint, *flags(table, spec, rounded, text), "--window", "1000,61000") == 0
    coarse = [expected_of(number, rounded=True) for number in range(PEOPLE)]
    np.testing.assert_allclose(scores(rounded), coarse, atol=1e-4)
    assert np.abs(np.subtract(wanted, coarse)).max() > 0.01, "8 bits would have been seen"


def test_what_would_be_rounded_in_silence_is_refused(
    endpoint: str, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, out = tmp_path / "model.yaml", tmp_path / "run"
    line = failure(
        capsys, 3, endpoint, *flags(table, spec, out, COLOURS.replace("[1000, 61000]", "file"))
    )
    assert "deep.csv row 1" in line
    assert "--window LOW,HIGH" in line
    line = failure(capsys, 2, endpoint, *flags(table, spec, out, COLOURS), "--window", "0,1")
    assert "model.yaml line 12, input.window; leave one of them out" in line
    for window, message in (
        ("[5, 5]", "input.window: [5.0, 5.0] is not [low, high]"),
        ("wide", "line 12, input.window"),
    ):
        text = COLOURS.replace("[1000, 61000]", window)
        assert message in failure(capsys, 2, endpoint, *flags(table, spec, out, text))
    known = COLOURS.replace("task:", "dataset: fairvlmed\ntask:")
    folder = flags(table.parent, spec, out, known)
    assert "input.window: images of the layout 'fairvlmed'" in failure(capsys, 2, endpoint, *folder)
    assert not out.exists()
