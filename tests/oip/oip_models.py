"""The same two models for every server, the pictures that they are asked about, and a table."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from PIL import Image as Pillow
from served_foreign import SIDES, colours, graph_of

from fairness.arrays import Array, FloatArray

PEOPLE = 72
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
LARGE = (224, 224)


def large() -> bytes:
    """(B, 3, 224, 224) float32 > (B, 2) softmax: 32 pictures are 19 MB."""
    rng = np.random.default_rng(6)
    nodes = [
        helper.make_node("Conv", ["x", "kernel"], ["seen"], strides=[8, 8]),
        helper.make_node("Relu", ["seen"], ["felt"]),
        helper.make_node("GlobalAveragePool", ["felt"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weight", "bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["y"], axis=1),
    ]
    constants: dict[str, Array] = {
        "kernel": rng.normal(0, 0.2, (4, 3, 8, 8)).astype(np.float32),
        "weight": np.array([[0, 1.5], [0, -2], [0, 1], [0, -0.5]], np.float32),
        "bias": np.array([0.0, -2.0], np.float32),
    }
    taken, given = ["B", 3, *LARGE], ["B", 2]
    return graph_of(nodes, constants, (TensorProto.FLOAT, taken), (TensorProto.FLOAT, given))


MODELS = {"small": colours(), "large": large()}
SIZES = {"small": SIDES, "large": LARGE}
TENSORS: dict[str, dict[str, Any]] = {
    name: {
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 3, *size]}],
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1, 2]}],
    }
    for name, size in SIZES.items()
}


def write_triton_models(repository: Path) -> None:
    """Both, as Triton serves them; it takes 32 at once, as MLServer and KServe are sent unasked."""
    for name, content in MODELS.items():
        folder = repository / name / "1"
        folder.mkdir(parents=True)
        (folder / "model.onnx").write_bytes(content)
        dims = f"[ 3, {SIZES[name][0]}, {SIZES[name][1]} ]"
        (folder.parent / "config.pbtxt").write_text(
            f'name: "{name}"\nbackend: "onnxruntime"\nmax_batch_size: 32\n'
            f'input {{ name: "x" data_type: TYPE_FP32 dims: {dims} }}\n'
            'output { name: "y" data_type: TYPE_FP32 dims: [ 2 ] }\n'
        )


def description(name: str) -> str:
    """The text of `model.yaml`."""
    holds = "logits" if name == "small" else "probability"
    return (
        "task: classification\ntarget: finding\nthreshold: 0.5\n"
        f"input: {{name: x, layout: NCHW, colour: rgb, size: {list(SIZES[name])}, "
        "resize: squash, filter: bilinear, normalise: imagenet}\n"
        f"output: {{name: y, holds: {holds}, positive: 1}}\n"
    )


def write_people(folder: Path) -> Path:
    """A csv that names PNG files of three sizes, all in colours."""
    rng = np.random.default_rng(8)
    rows = []
    for number in range(PEOPLE):
        height, width = [(40, 50), (61, 37), (33, 33)][number % 3]
        blocks = rng.integers(0, 256, (4, 4, 3)).astype(np.uint8)
        picture = Pillow.fromarray(blocks).resize((width, height), Pillow.Resampling.BICUBIC)
        picture.save(folder / f"p{number:02}.png")
        rows.append([f"p{number:02}.png", number % 2, "FM"[number // 2 % 2]])
    with (folder / "people.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["file", "finding", "sex"], *rows])
    return folder / "people.csv"


def expected(name: str, table: Path) -> FloatArray:
    """Scores by ONNX Runtime alone, from the files in the order of their names."""
    rows, columns = SIZES[name]
    pixels = []
    for path in sorted(table.parent.glob("*.png")):
        with Pillow.open(path) as picture:
            small = picture.resize((columns, rows), Pillow.Resampling.BILINEAR)
        pixels.append(((np.asarray(small) / 255 - MEAN) / STD).transpose(2, 0, 1))
    session = onnxruntime.InferenceSession(MODELS[name], providers=["CPUExecutionProvider"])
    answer = session.run(None, {"x": np.stack(pixels).astype(np.float32)})[0].astype(float)
    if name == "small":
        answer = np.exp(answer) / np.exp(answer).sum(axis=1, keepdims=True)
    found: FloatArray = answer[:, 1]
    return found
