"""Models of other makers on the real server, described by a model.yaml, held to ONNX Runtime."""

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import onnxruntime
import pyarrow.parquet as pq
import pytest
from fair_audit_runs import audit
from PIL import Image as Pillow
from served_foreign import colours, one_at_a_time
from tritonclient.grpc import InferenceServerClient

from fairness.arrays import Array, FloatArray

pytest_plugins = ["audit_fixtures"]

PEOPLE = 40
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
COLOURS = """
task: classification
method: somebody's CNN
target: finding
threshold: 0.5
input:
  name: x
  layout: NCHW
  dtype: fp32
  colour: rgb
  size: [24, 28]
  resize: crop
  shorter: 30
  filter: bilinear
  normalise: imagenet
output:
  name: y
  holds: logits
  positive: 1
"""
ONE_AT_A_TIME = """
task: classification
target: finding
threshold: 0.5
input:
  {name: x, layout: HWC, size: [24, 28], resize: squash, filter: bicubic,
   normalise: {divide_by: 255, mean: [0.4], std: [0.5]}}
output: {name: y, holds: logit}
"""
BYTES = """
task: classification
target: finding
threshold: 0.5
input: {name: x, layout: HWC, colour: bgr}
output: {name: y, holds: probability, positive: 2}
"""


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A csv of PNG files of three sizes, most in colours, some grey."""
    folder = tmp_path_factory.mktemp("people")
    rng = np.random.default_rng(8)
    rows = []
    for number in range(PEOPLE):
        shape = [(40, 50), (61, 37), (33, 33)][number % 3]
        blocks = rng.integers(0, 256, (4, 4, 3)).astype(np.uint8)
        picture = Pillow.fromarray(blocks).resize((shape[1], shape[0]), Pillow.Resampling.BICUBIC)
        name = f"p{number:02}.png"
        (picture.convert("L") if number % 5 == 0 else picture).save(folder / name)
        rows.append([name, number % 2, "FM"[number // 2 % 2]])
    with (folder / "people.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["file", "finding", "sex"], *rows])
    return folder / "people.csv"


def written(tmp_path: Path, text: str) -> Path:
    (tmp_path / "model.yaml").write_text(text.lstrip())
    return tmp_path / "model.yaml"


def flags(table: Path, name: str, spec: Path, out: Path) -> tuple[object, ...]:
    data = ("--data", table, "--attributes", "sex", "--replicates", 100)
    return ("--model", f"foreign_{name}", "--spec", spec, *data, "--out", out)


def scores(out: Path) -> dict[str, float]:
    rows = pq.read_table(out / "records" / "outcomes.parquet").to_pydict()
    return dict(zip(rows["id"], rows["score"], strict=True))


def requests(endpoint: str, model: str) -> int:
    """How many the server has answered."""
    with InferenceServerClient(endpoint) as client:
        (found,) = client.get_inference_statistics(model, "1").model_stats
    return int(found.inference_stats.success.count)


def runtime(model: bytes, tensor: Array) -> Array:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    answer: Array = session.run(None, {"x": tensor})[0]
    return answer


def cropped(path: Path) -> FloatArray:
    """Resize(30), CenterCrop((24, 28)), ToTensor and Normalize of one file, written out."""
    with Pillow.open(path) as picture:
        width, height = picture.size
        longer = int(30 * max(width, height) / min(width, height))
        size = (30, longer) if width < height else (longer, 30)
        small = picture.convert("RGB").resize(size, Pillow.Resampling.BILINEAR)
    left, top = round((size[0] - 28) / 2), round((size[1] - 24) / 2)
    pixels = np.asarray(small.crop((left, top, left + 28, top + 24))) / 255
    found: FloatArray = ((pixels - MEAN) / STD).transpose(2, 0, 1)
    return found


def test_logits_of_a_model_exported_by_others_are_audited_as_onnx_runtime_gives_them(
    endpoint: str, table: Path, tmp_path: Path
) -> None:
    spec, before = written(tmp_path, COLOURS), requests(endpoint, "foreign_colours")
    assert audit(endpoint, *flags(table, "colours", spec, tmp_path / "run")) == 0
    asked = requests(endpoint, "foreign_colours") - before
    assert asked == 1 + PEOPLE / 4, "what the backend is, and full batches"
    found = scores(tmp_path / "run")
    paths = sorted(table.parent.glob("*.png"))
    logits = runtime(colours(), np.stack([cropped(p) for p in paths]).astype(np.float32))
    raised = np.exp(logits.astype(float))
    expected = raised[:, 1] / raised.sum(axis=1)
    assert expected.std() > 0.05
    assert [*found] == [path.name for path in paths]
    np.testing.assert_allclose([*found.values()], expected, atol=1e-4)
    report = (tmp_path / "run" / "report" / "report.md").read_text()
    digest = hashlib.sha256(spec.read_bytes()).hexdigest()
    assert f"described by model.yaml, SHA-256 {digest}" in report
    assert "foreign_colours version 1 (declared), somebody's CNN" in report.replace("\\", "")
    about = json.loads((tmp_path / "run" / "report" / "report.json").read_text())
    assert about["provenance"]["model"]["description_sha256"] == digest


def test_half_precision_without_an_axis_of_batches_and_a_logit(
    endpoint: str, table: Path, tmp_path: Path
) -> None:
    spec = written(tmp_path, ONE_AT_A_TIME)
    assert audit(endpoint, *flags(table, "one_at_a_time", spec, tmp_path / "run")) == 0
    for id_, score in scores(tmp_path / "run").items():
        with Pillow.open(table.parent / id_) as picture:
            small = picture.convert("L").resize((28, 24), Pillow.Resampling.BICUBIC)
        sent = ((np.asarray(small) / 255 - 0.4) / 0.5).astype(np.float16)[:, :, None]
        logit = float(runtime(one_at_a_time(), sent)[0])
        assert score == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-4), id_


def test_bytes_of_any_size_go_as_they_are_with_blue_first(
    endpoint: str, table: Path, tmp_path: Path
) -> None:
    spec = written(tmp_path, BYTES)
    assert audit(endpoint, *flags(table, "bytes", spec, tmp_path / "run")) == 0
    for id_, score in scores(tmp_path / "run").items():
        with Pillow.open(table.parent / id_) as picture:
            red = np.asarray(picture.convert("RGB"))[:, :, 0].mean() / 255
        assert score == pytest.approx(red, abs=1e-4), id_
