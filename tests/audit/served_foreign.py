"""Models as other people serve them: prepared pixels in, logits or scores out, no description."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from fairness.arrays import Array

SIDES = (24, 28)
"""Rows and columns that the models take."""

CONFIGS = {
    "colours": """
backend: "onnxruntime"
max_batch_size: 4
input { name: "x" data_type: TYPE_FP32 dims: [ 3, 24, 28 ] }
output { name: "y" data_type: TYPE_FP32 dims: [ 2 ] }
""",
    "one_at_a_time": """
backend: "onnxruntime"
max_batch_size: 0
input { name: "x" data_type: TYPE_FP16 dims: [ 24, 28, 1 ] }
output { name: "y" data_type: TYPE_FP16 dims: [ 1 ] }
""",
    "bytes": """
backend: "onnxruntime"
max_batch_size: 4
input { name: "x" data_type: TYPE_UINT8 dims: [ -1, -1, 3 ] }
output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
""",
    "beside": """
backend: "onnxruntime"
max_batch_size: 4
input { name: "x" data_type: TYPE_FP32 dims: [ 1, 24, 28 ] }
input { name: "age" data_type: TYPE_FP32 dims: [ 1 ] }
input { name: "sex" data_type: TYPE_INT64 dims: [ 1 ] }
input { name: "tokens" data_type: TYPE_INT32 dims: [ 3 ] }
input { name: "bias" data_type: TYPE_FP32 dims: [ 2, 1 ] }
output { name: "y" data_type: TYPE_FP32 dims: [ 1 ] }
""",
    "structures": """
backend: "onnxruntime"
max_batch_size: 4
input { name: "x" data_type: TYPE_FP32 dims: [ 1, 24, 28 ] }
output { name: "y" data_type: TYPE_FP32 dims: [ 3, 24, 28 ] }
""",
    "organs": """
backend: "onnxruntime"
max_batch_size: 4
input { name: "x" data_type: TYPE_FP32 dims: [ 1, 24, 28 ] }
output { name: "y" data_type: TYPE_FP32 dims: [ 5, 24, 28 ] }
""",
}
"""Model to its configuration."""


def graph_of(
    nodes: list[onnx.NodeProto],
    constants: dict[str, Array],
    taken: tuple[int, list[Any]],
    given: tuple[int, list[Any]],
    beside: dict[str, tuple[int, list[Any]]] | None = None,
) -> bytes:
    """An ONNX model from `x`, and what goes beside it, to `y`, each with its type and shape."""
    inputs = {"x": taken, **(beside or {})}
    graph = helper.make_graph(
        nodes,
        "foreign",
        [helper.make_tensor_value_info(name, *kind) for name, kind in inputs.items()],
        [helper.make_tensor_value_info("y", *given)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def colours() -> bytes:
    """(B, 3, 24, 28) float32 > (B, 2) logits, which depend on every channel and place."""
    rng = np.random.default_rng(4)
    nodes = [
        helper.make_node("Conv", ["x", "kernel"], ["seen"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Relu", ["seen"], ["felt"]),
        helper.make_node("Flatten", ["felt"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weight", "bias"], ["y"]),
    ]
    constants: dict[str, Array] = {
        "kernel": rng.normal(0, 0.2, (4, 3, 3, 3)).astype(np.float32),
        "weight": rng.normal(0, 0.1, (4 * 12 * 14, 2)).astype(np.float32),
        "bias": np.array([0.1, -0.1], np.float32),
    }
    taken, given = ["B", 3, *SIDES], ["B", 2]
    return graph_of(nodes, constants, (TensorProto.FLOAT, taken), (TensorProto.FLOAT, given))


def one_at_a_time() -> bytes:
    """(24, 28, 1) float16 > (1,) a logit: four times the mean."""
    nodes = [
        helper.make_node("Cast", ["x"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["wide"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "four"], ["times"]),
        helper.make_node("Cast", ["times"], ["y"], to=TensorProto.FLOAT16),
    ]
    constants: dict[str, Array] = {"four": np.array([4.0], np.float32)}
    taken: list[Any] = [*SIDES, 1]
    return graph_of(nodes, constants, (TensorProto.FLOAT16, taken), (TensorProto.FLOAT16, [1]))


def whole_bytes() -> bytes:
    """(B, H, W, 3) uint8 > (B, 3) probabilities: the mean of each channel over 255."""
    nodes = [
        helper.make_node("Cast", ["x"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["wide", "axes"], ["mean"], keepdims=0),
        helper.make_node("Div", ["mean", "most"], ["y"]),
    ]
    constants = {"axes": np.array([1, 2]), "most": np.array(255.0, np.float32)}
    taken, given = ["B", "H", "W", 3], ["B", 3]
    return graph_of(nodes, constants, (TensorProto.UINT8, taken), (TensorProto.FLOAT, given))


ORGANS = (0.4, 0.0, 0.8, 0.2, 0.6)
"""Shares of white for left lung, background, heart, clavicle and right lung."""


def structures(levels: Sequence[float] = (0.8, 0.2, 0.5)) -> bytes:
    """(B, 1, 24, 28) float32 in 0..1 > (B, K, 24, 28) scores, highest where the level is nearest.

    By default of cup, background and rim.
    """
    nodes = [
        helper.make_node("Sub", ["x", "levels"], ["away"]),
        helper.make_node("Abs", ["away"], ["distance"]),
        helper.make_node("Neg", ["distance"], ["y"]),
    ]
    taken, given = ["B", 1, *SIDES], ["B", len(levels), *SIDES]
    both = (TensorProto.FLOAT, taken), (TensorProto.FLOAT, given)
    constant: Array = np.array(levels, np.float32).reshape(1, -1, 1, 1)
    return graph_of(nodes, {"levels": constant}, *both)


def organs() -> bytes:
    """The same of left lung, background, heart, clavicle and right lung."""
    return structures(ORGANS)


def beside() -> bytes:
    """The mean + age + 2 x sex + the mean of three tokens + the sum of bias, as a logit (B, 1)."""
    nodes = [
        helper.make_node("Cast", ["sex"], ["sexes"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["sexes", "two"], ["twice"]),
        helper.make_node("Cast", ["tokens"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["wide", "one"], ["token"]),
        helper.make_node("ReduceSum", ["bias", "one_two"], ["added"], keepdims=0),
        helper.make_node("Unsqueeze", ["added", "one"], ["more"]),
        helper.make_node("ReduceMean", ["x", "two_three"], ["means"], keepdims=0),
        helper.make_node("Sum", ["means", "age", "twice", "token", "more"], ["y"]),
    ]
    constants: dict[str, Array] = {
        "two": np.array(2.0, np.float32),
        "one": np.array([1]),
        "one_two": np.array([1, 2]),
        "two_three": np.array([2, 3]),
    }
    floats, more = TensorProto.FLOAT, ["B", 1]
    return graph_of(
        nodes,
        constants,
        (floats, ["B", 1, *SIDES]),
        (floats, more),
        {
            "age": (floats, more),
            "sex": (TensorProto.INT64, more),
            "tokens": (TensorProto.INT32, ["B", 3]),
            "bias": (floats, ["B", 2, 1]),
        },
    )


MODELS = {
    "beside": beside,
    "colours": colours,
    "one_at_a_time": one_at_a_time,
    "bytes": whole_bytes,
    "structures": structures,
    "organs": organs,
}


def write_foreign_models(repository: Path) -> None:
    """All of them, as version 1 of `foreign_NAME`."""
    for name, config in CONFIGS.items():
        folder = repository / f"foreign_{name}" / "1"
        folder.mkdir(parents=True)
        (folder / "model.onnx").write_bytes(MODELS[name]())
        text = f'name: "foreign_{name}"\n{config}'
        (folder.parent / "config.pbtxt").write_text(text)
