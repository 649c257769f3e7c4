"""Wrong descriptions of a served model: one line that names the line of model.yaml."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from fair_audit_runs import failure
from PIL import Image as Pillow
from tritonclient.grpc import InferenceServerClient

pytest_plugins = ["audit_fixtures"]

RIGHT = """task: classification
target: finding
threshold: 0.5
input:
  name: x
  layout: NCHW
  dtype: fp32
  colour: rgb
  size: [24, 28]
  resize: squash
  filter: bilinear
  normalise: imagenet
output:
  name: y
  holds: logits
  positive: 1
"""
"""Of the model `foreign_colours`."""


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("few")
    lines = ["file,finding,sex"]
    for number in range(8):
        Pillow.fromarray(np.full((30, 30), 20 * number, np.uint8)).save(folder / f"{number}.png")
        lines.append(f"{number}.png,{number % 2},{'FM'[number // 4]}")
    (folder / "people.csv").write_text("\n".join(lines))
    return folder / "people.csv"


@pytest.fixture
def inferences(endpoint: str) -> Iterator[Callable[[], int]]:
    with InferenceServerClient(endpoint) as client:
        yield lambda: sum(
            model.inference_count for model in client.get_inference_statistics().model_stats
        )


def refusal(
    capsys: pytest.CaptureFixture[str], code: int, endpoint: str, table: Path, out: Path,
    *flags: object,
) -> str:  # fmt: skip
    """The line of a failing audit, which leaves nothing behind."""
    what = ("--data", table, "--attributes", "sex", "--out", out)
    return failure(capsys, code, endpoint, *flags, *what)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("layout: NCHW", "layout: NHWC", "line 9, input.size: the description says 24 along H"),
        ("layout: NCHW", "layout: HWC", "line 9, input.size: the description says 24 along H"),
        ("layout: NCHW", "layout: NHW", "line 6, input.layout: NHW has no axis C"),
        ("colour: rgb", "colour: grey", "line 12, input.normalise: has 3 channels"),
        ("size: [24, 28]", "size: [28, 24]", "line 9, input.size: the description says 28 along H"),
        ("size: [24, 28]", "size: [24]", "line 9, input.size"),
        ("dtype: fp32", "dtype: fp16", "line 7, input.dtype: the server takes FP32"),
        ("dtype: fp32", "dtype: uint8", "line 12, input.normalise: gives numbers, dtype is uint8"),
        ("  normalise: imagenet\n", "", "line 4, input.normalise: the server takes FP32; name"),
        ("normalise: imagenet", "normalise: imagenets", "line 12, input.normalise"),
        ("name: x", "name: pixels", "line 5, input.name: model 'foreign_colours' has no input"),
        ("name: y", "name: logits", "line 14, output.name: model 'foreign_colours' has no output"),
        ("positive: 1", "positive: 2", "line 16, output.positive: 'y' .* no column 2"),
        ("holds: logits\n  positive: 1", "holds: logit", "line 13, output.positive: .* 2 columns"),
        ("holds: logits", "holds: log_odds", "line 15, output.holds: Input tag .log_odds"),
        ("resize: squash", "resize: crop", "line 4, input.shorter: resize: crop and shorter go"),
        (
            "task: classification",
            "task: segmentation",
            "line 15, output.holds: logits is no output of task segmentation",
        ),
        ("target: finding", "traget: finding", "line 2, traget"),
        ("  name: x", "  name: x\n  batch: 5", "line 6, input.batch: 5, but the server takes 4"),
        ("task: classification", "task: [", "no YAML"),
    ],
)
def test_a_wrong_description_is_one_line_before_anything_is_sent(
    endpoint: str, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    inferences: Callable[[], int], old: str, new: str, message: str,
) -> None:  # fmt: skip
    before = inferences()
    spec = tmp_path / "model.yaml"
    assert RIGHT.count(old) == 1
    spec.write_text(RIGHT.replace(old, new))
    model = ("--model", "foreign_colours", "--spec", spec)
    line = refusal(capsys, 2, endpoint, table, tmp_path / "run", *model)
    assert re.search(message, line), line
    assert str(spec) in line
    assert inferences() == before
    assert not (tmp_path / "run").exists()


def test_what_else_is_refused_about_a_description(
    endpoint: str, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, out = tmp_path / "model.yaml", tmp_path / "run"
    spec.write_text(RIGHT)
    line = refusal(capsys, 2, endpoint, table, out, "--spec", spec)
    assert "describes one model; name it with --model" in line
    line = refusal(capsys, 2, endpoint, table, out, "--model", "sound", "--spec", spec)
    assert "model 'sound' describes itself; leave out --spec" in line
    line = refusal(capsys, 3, endpoint, table, out, "--model", "foreign_colours")
    assert "which this drafts: fair-audit init --endpoint" in line
    absent = ("--model", "foreign_colours", "--spec", tmp_path / "absent.yaml")
    assert "absent.yaml: No such file" in refusal(capsys, 2, endpoint, table, out, *absent)
    spec.write_text(RIGHT.replace("threshold: 0.5\n", ""))
    model = ("--model", "foreign_colours", "--spec", spec)
    assert "give one with --threshold" in refusal(capsys, 3, endpoint, table, out, *model)
    folder = refusal(capsys, 2, endpoint, table.parent, out, *model)
    assert "a described model needs a table of its images" in folder
    assert not out.exists()


def test_numbers_that_are_no_probabilities_end_the_run_at_the_first_sample(
    endpoint: str, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "model.yaml"
    spec.write_text(RIGHT.replace("holds: logits", "holds: probability"))
    model = ("--model", "foreign_colours", "--spec", spec)
    line = refusal(capsys, 3, endpoint, table, tmp_path / "run", *model)
    assert "model.yaml line 15, output.holds" in line
    assert "which is no probability" in line
