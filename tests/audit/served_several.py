"""Models of several labels, and of ordered classes, as other people serve them."""

import csv
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper
from PIL import Image as Pillow
from served_foreign import graph_of

from fairness.arrays import Array

SIDES = (16, 16)
LABELS = ("Effusion", "Mass", "Nodule")
GRADES = ("none", "mild", "moderate", "severe", "proliferative")
INPUT = """
input: {name: x, layout: NCHW, size: [16, 16], resize: squash, filter: bilinear, normalise: unit}
"""
SEVERAL = f"""
task: multilabel
threshold: 0.5
thresholds: {{Mass: 0.4}}
{INPUT}
output: {{name: y, holds: logit, labels: {{Effusion: 3, Mass: 0, Nodule: 1}}}}
"""
ORDERED = f"""
task: multiclass
target: grade
{INPUT}
output: {{name: y, holds: logits, classes: [{", ".join(GRADES)}], ordered: true}}
"""
CONFIG = """
backend: "onnxruntime"
max_batch_size: 4
input {{ name: "x" data_type: TYPE_FP32 dims: [ 1, 16, 16 ] }}
output {{ name: "y" data_type: TYPE_FP32 dims: [ {columns} ] }}
"""


def linear(columns: int, seed: int) -> bytes:
    """(B, 1, 16, 16) float32 > (B, columns) numbers, each of its own part of the picture."""
    rng = np.random.default_rng(seed)
    nodes = [
        helper.make_node("Flatten", ["x"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weight", "bias"], ["y"]),
    ]
    constants: dict[str, Array] = {
        "weight": rng.normal(0, 0.3, (256, columns)).astype(np.float32),
        "bias": rng.normal(0, 0.3, columns).astype(np.float32),
    }
    taken = (TensorProto.FLOAT, ["B", 1, *SIDES])
    return graph_of(nodes, constants, taken, (TensorProto.FLOAT, ["B", columns]))


FINDINGS = linear(4, 5)
"""Logits of four findings, of which three are audited."""
STEPS = linear(5, 6)
"""Logits of five grades."""


def write_several_models(repository: Path) -> None:
    """Both of them, as version 1 of `foreign_findings` and `foreign_steps`."""
    for name, content, columns in (("findings", FINDINGS, 4), ("steps", STEPS, 5)):
        folder = repository / f"foreign_{name}" / "1"
        folder.mkdir(parents=True)
        (folder / "model.onnx").write_bytes(content)
        text = f'name: "foreign_{name}"\n{CONFIG.format(columns=columns)}'
        (folder.parent / "config.pbtxt").write_text(text)


def write_pictures(folder: Path, people: int) -> Path:
    """A csv of grey PNG files of two sizes, some of whose labels are uncertain or blank."""
    rng = np.random.default_rng(3)
    rows = []
    for number in range(people):
        blocks = rng.integers(0, 256, (6, 6)).astype(np.uint8)
        size = ((20, 24), (33, 18))[number % 2]
        picture = Pillow.fromarray(blocks).resize(size, Pillow.Resampling.BICUBIC)
        picture.save(folder / f"p{number:03}.png")
        labels = rng.choice(["1", "0", "-1", ""], 3, p=[0.45, 0.45, 0.05, 0.05])
        rows.append([f"p{number:03}.png", *labels, GRADES[rng.integers(5)], "FM"[number // 2 % 2]])
    with (folder / "people.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["file", *LABELS, "grade", "sex"], *rows])
    return folder / "people.csv"
