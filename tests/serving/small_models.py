"""Small ONNX models for the real server, each with answers that one can work out by hand."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

TABLE_ROWS = 10
TENSORS = """
backend: "onnxruntime"
max_batch_size: 8
input { name: "image" data_type: TYPE_UINT8 dims: [ -1, -1 ] }
output { name: "mean" data_type: TYPE_FP32 dims: [ 1 ] }
output { name: "batch" data_type: TYPE_INT64 dims: [ 1 ] }
output { name: "looked_up" data_type: TYPE_FP32 dims: [ 1 ] }
"""
UNBATCHED = """
backend: "onnxruntime"
max_batch_size: 0
input { name: "image" data_type: TYPE_UINT8 dims: [ -1, -1 ] }
output { name: "negative" data_type: TYPE_UINT8 dims: [ -1, -1 ] }
"""
ONE_AUTO = "instance_group { kind: KIND_AUTO count: 1 }\n"


def parameter(key: str, value: str) -> str:
    """One entry of a configuration's `parameters`; `value` is quoted here."""
    return f'parameters {{ key: "{key}" value {{ string_value: {json.dumps(value)} }} }}\n'


def grey_level() -> onnx.ModelProto:
    """Image (B, H, W) uint8 to `mean` (B, 1), and to `batch` (B, 1): how many images ran at once.

    `looked_up` (B, 1) is three times the first pixel, and an error where that is 10 or more.
    """
    nodes = [
        helper.make_node("Cast", ["image"], ["grey"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["grey", "pixels"], ["level"], keepdims=0),
        helper.make_node("Unsqueeze", ["level", "one"], ["mean"]),
        helper.make_node("Shape", ["image"], ["rows"], start=0, end=1),
        helper.make_node("Concat", ["rows", "one"], ["column"], axis=0),
        helper.make_node("Expand", ["rows", "column"], ["batch"]),
        helper.make_node("Slice", ["image", "zeros", "ones", "pixels"], ["corner"]),
        helper.make_node("Cast", ["corner"], ["row"], to=TensorProto.INT64),
        helper.make_node("Reshape", ["row", "flat"], ["index"]),
        helper.make_node("Gather", ["table", "index"], ["looked_up"]),
    ]
    constants = {
        "pixels": np.array([1, 2]),
        "one": np.array([1]),
        "zeros": np.array([0, 0]),
        "ones": np.array([1, 1]),
        "flat": np.array([-1]),
        "table": 3 * np.arange(TABLE_ROWS, dtype=np.float32)[:, None],
    }
    outputs = [
        helper.make_tensor_value_info("mean", TensorProto.FLOAT, ["B", 1]),
        helper.make_tensor_value_info("batch", TensorProto.INT64, ["B", 1]),
        helper.make_tensor_value_info("looked_up", TensorProto.FLOAT, ["B", 1]),
    ]
    return _model(nodes, ["B", "H", "W"], outputs, constants)


def inverted() -> onnx.ModelProto:
    """One image (H, W) uint8, without a batch axis, to its negative (H, W)."""
    nodes = [helper.make_node("Sub", ["white", "image"], ["negative"])]
    outputs = [helper.make_tensor_value_info("negative", TensorProto.UINT8, ["H", "W"])]
    return _model(nodes, ["H", "W"], outputs, {"white": np.array(255, np.uint8)})


def write(model: onnx.ModelProto, folder: Path, config: str, file: str = "model.onnx") -> None:
    """Put `model` into a repository as version 1 of the model `folder.name`."""
    (folder / "1").mkdir(parents=True)
    onnx.save(model, folder / "1" / file)
    if config:
        (folder / "config.pbtxt").write_text(config)


def _model(
    nodes: list[onnx.NodeProto],
    shape: list[str],
    outputs: list[onnx.ValueInfoProto],
    constants: dict[str, npt.NDArray[np.generic]],
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, shape)],
        outputs,
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opset = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9)
