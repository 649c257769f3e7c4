"""A served copy whose preprocessing swaps two channels: `fair-audit parity` names the group."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper
from PIL import Image as Pillow
from served_foreign import graph_of
from tritonclient.grpc import InferenceServerClient

from audit.cli import run
from fairness.arrays import Array

pytest_plugins = ["audit_fixtures"]
pytestmark = pytest.mark.further

CONFIG = """
name: "NAME"
backend: "onnxruntime"
max_batch_size: 4
input { name: "x" data_type: TYPE_UINT8 dims: [ -1, -1, 3 ] }
output { name: "y" data_type: TYPE_FP32 dims: [ 1 ] }
"""
SPEC = """
task: classification
target: finding
threshold: 0.5
input: {name: x, layout: HWC, colour: rgb}
output: {name: y, holds: probability}
"""
WEIGHTS = (0.6, 0.3, 0.1)
"""Of red, green and blue."""


def weighted_colours(order: tuple[int, int, int]) -> bytes:
    """(B, H, W, 3) uint8 > (B, 1): weighted means of the channels, taken in that order, over 255.

    The preprocessing of the graph orders the channels and scales them, its head weighs them.
    """
    nodes = [
        helper.make_node("Gather", ["x", "order"], ["ordered"], axis=3),
        helper.make_node("Cast", ["ordered"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["wide", "most"], ["scaled"]),
        helper.make_node("ReduceMean", ["scaled", "places"], ["means"], keepdims=0),
        helper.make_node("MatMul", ["means", "weights"], ["y"]),
    ]
    constants: dict[str, Array] = {
        "order": np.array(order),
        "most": np.array(255, np.float32),
        "places": np.array([1, 2]),
        "weights": np.array(WEIGHTS, np.float32)[:, None],
    }
    taken, given = ["B", "H", "W", 3], ["B", 1]
    return graph_of(nodes, constants, (TensorProto.UINT8, taken), (TensorProto.FLOAT, given))


@pytest.fixture(scope="module")
def coloured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of pictures: grey ones of two scanners, and reddish ones of a third."""
    folder = tmp_path_factory.mktemp("coloured")
    rng = np.random.default_rng(6)
    rows = []
    for number in range(90):
        scanner = ("Abel", "Bell", "Cole")[number % 3]
        red = int(rng.integers(150, 220))
        blue = red - 100 if scanner == "Cole" else red
        picture = np.zeros((20, 30, 3), np.uint8)
        picture[:] = (red, red, blue)
        Pillow.fromarray(picture).save(folder / f"p{number:02}.png")
        rows.append([f"p{number:02}.png", number // 3 % 2, scanner, "FM"[number // 6 % 2]])
    with (folder / "people.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["file", "finding", "scanner", "sex"], *rows])
    return folder / "people.csv"


def test_two_swapped_channels_are_found_and_the_group_that_they_harm_is_named(
    endpoint: str,
    repository: Path,
    coloured: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, order in (("sent_rgb", (0, 1, 2)), ("sent_bgr", (2, 1, 0))):
        folder = repository / name / "1"
        folder.mkdir(parents=True)
        (folder / "model.onnx").write_bytes(weighted_colours(order))
        (folder.parent / "config.pbtxt").write_text(CONFIG.replace("NAME", name))
        with InferenceServerClient(endpoint) as client:
            client.load_model(name)
    (tmp_path / "model.yaml").write_text(SPEC)
    served = ("--endpoint", endpoint, "--model", "sent_bgr", "--against-model", "sent_rgb")
    words: list[object] = [*served]
    words += ["--spec", tmp_path / "model.yaml", "--data", coloured, "--out", tmp_path / "out"]
    words += ["--attributes", "scanner,sex", "--threshold", "0.62", "--replicates", "100"]
    assert run(["parity", *map(str, words)]) == 1
    document = json.loads((tmp_path / "out" / "parity.json").read_text())
    failed = {
        (one["group"], one["what"])
        for one in document["checks"]
        if one["verdict"] == "FAIL" and one["attribute"] == "scanner"
    }
    assert {group for group, _ in failed} == {"Cole"}
    assert {("Cole", "score"), ("Cole", "flips")} <= failed
    apart = {one["group"]: one for one in document["apart"] if one["attribute"] == "scanner"}
    assert apart["Cole"]["largest"] == pytest.approx(100 / 255 * (0.6 - 0.1), abs=1e-5)
    assert apart["Abel"]["largest"] < 1e-6
    out = capsys.readouterr().out
    assert "FAIL scanner Cole: scores differ by up to 0.2" in out
    assert "furthest off: scanner Cole" in out
