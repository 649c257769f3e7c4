"""Served copies of one small model with a fault in each, as graphs."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from served import SPEC, write_model

SCALE = 600.0
"""Grey levels times this pass float16's largest number, 65504, from a mean of 109.2 on."""
STRIP = 96
"""Pixels of the strip at an edge that the model looks at."""


def edge_grey(*, half: bool = False, swapped: bool = False, undefined: bool = False) -> bytes:
    """(B, H, W) uint8 > (B, 1): mean grey of the upper strip, divided by 255, at most 1.

    Args:
        half: the mean is scaled up and down again in float16, where bright images overflow.
        swapped: rows and columns are swapped before.
        undefined: where that overflows, the answer is NaN.
    """
    kind = TensorProto.FLOAT16 if half else TensorProto.FLOAT
    real = np.float16 if half else np.float32
    order = [0, 2, 1] if swapped else [0, 1, 2]
    nodes = [
        helper.make_node("Transpose", ["image"], ["turned"], perm=order),
        helper.make_node("Slice", ["turned", "first", "strip", "rows"], ["edge"]),
        helper.make_node("Cast", ["edge"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["wide", "pixels"], ["mean"], keepdims=0),
        helper.make_node("Cast", ["mean"], ["narrow"], to=kind),
        helper.make_node("Mul", ["narrow", "scale"], ["scaled"]),
        # ONNX Runtime computes Mul in float32 between casts, and drops casts that meet: a node that
        # only moves data keeps the float16 there.
        helper.make_node("Unsqueeze", ["scaled", "last"], ["column"]),
        helper.make_node("Cast", ["column"], ["back"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["back", "most"], ["share"]),
        *(
            [
                helper.make_node("Sub", ["back", "back"], ["nothing"]),  # NaN where it is infinite
                helper.make_node("Add", ["share", "nothing"], ["probability"]),
            ]
            if undefined
            else [helper.make_node("Clip", ["share", "zero", "one"], ["probability"])]
        ),
    ]
    constants = {
        "first": np.array([0]),
        "strip": np.array([STRIP]),
        "rows": np.array([1]),
        "pixels": np.array([1, 2]),
        "scale": np.array(SCALE, real),
        "most": np.array(255 * SCALE, np.float32),
        "zero": np.array(0, np.float32),
        "one": np.array(1, np.float32),
        "last": np.array([1]),
    }
    graph = helper.make_graph(
        nodes,
        "edge_grey",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["B", "H", "W"])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["B", 1])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def write_parity_models(repository: Path) -> tuple[str, ...]:
    """The sound model and its faulty copies; their names."""
    graphs = {
        "edge": edge_grey(),
        "edge_again": edge_grey(),
        "edge_swapped": edge_grey(swapped=True),
        "edge_half": edge_grey(half=True),
        "edge_undefined": edge_grey(half=True, undefined=True),
    }
    for name, graph in graphs.items():
        write_model(repository, name, SPEC, graph)
    return tuple(graphs)


def rewrite(path: Path, level: float, **columns: int) -> None:
    """Bring the mean grey of an image's upper strip to a level, and set columns of its npz file."""
    with np.load(path, allow_pickle=False) as stored:
        arrays = dict(stored)
    image = arrays["slo_fundus"].astype(np.float64)
    lifted = image + (level - image[:STRIP].mean())
    arrays["slo_fundus"] = np.clip(lifted, 0, 255).round().astype(np.uint8)
    arrays |= {name: np.array(value) for name, value in columns.items()}
    np.savez(path, **arrays)
