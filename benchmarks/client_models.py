"""Models for the benchmark of clients: two that cost next to nothing, and one that computes."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from google.protobuf import text_format
from onnx import TensorProto, helper, numpy_helper
from tritonclient.grpc import model_config_pb2 as triton

from benchmarks.client_data import FUNDUS, OCT
from benchmarks.clients.tensors import INPUT, OUTPUT
from fairness.contract import PARAMETER_KEY, ModelSpec, Threshold

CHANNELS = 16, 32
"""Of the two convolutions of the model that computes: 0.13 billion multiplications an image."""


def write_models(repository: Path) -> None:
    """`near_free`, `near_free_oct` and `computing`."""
    write(repository, "near_free", first_pixel(2), None, FUNDUS.dataset, FUNDUS.batch)
    write(repository, "near_free_oct", first_pixel(3), OCT.shape, OCT.dataset, OCT.batch)
    write(repository, "computing", convolutions(), None, FUNDUS.dataset, FUNDUS.batch)


def first_pixel(axes: int) -> onnx.ModelProto:
    """An image (B, ...) of so many axes to its first pixel / 255 (B, 1)."""
    which = np.arange(1, axes + 1)
    nodes = [
        helper.make_node("Slice", [INPUT, "zeros", "ones", "which"], ["corner"]),
        helper.make_node("Cast", ["corner"], ["level"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["level", "column"], ["flat"]),
        helper.make_node("Div", ["flat", "white"], [OUTPUT]),
    ]
    constants = {
        "zeros": np.zeros(axes, np.int64),
        "ones": np.ones(axes, np.int64),
        "which": which.astype(np.int64),
        "column": np.array([-1, 1]),
        "white": np.float32(255),
    }
    shape = ["B", *(OCT.shape if axes == 3 else ("H", "W"))]
    return model_of(nodes, constants, shape)


def convolutions() -> onnx.ModelProto:
    """An image (B, H, W) through two convolutions to a number (B, 1) between 0 and 1."""
    first, second = CHANNELS
    rng = np.random.default_rng(0)
    nodes = [
        helper.make_node("Cast", [INPUT], ["grey"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["grey", "one"], ["image_channel"]),
        helper.make_node("Div", ["image_channel", "white"], ["scaled"]),
        helper.make_node("Conv", ["scaled", "w1"], ["a"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "w2"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["d"]),
        helper.make_node("GlobalAveragePool", ["d"], ["e"]),
        helper.make_node("Flatten", ["e"], ["f"]),
        helper.make_node("MatMul", ["f", "w3"], ["g"]),
        helper.make_node("Sigmoid", ["g"], [OUTPUT]),
    ]
    constants = {
        "one": np.array([1]),
        "white": np.float32(255),
        "w1": rng.standard_normal((first, 1, 3, 3)).astype(np.float32) / 3,
        "w2": rng.standard_normal((second, first, 3, 3)).astype(np.float32) / 12,
        "w3": rng.standard_normal((second, 1)).astype(np.float32),
    }
    return model_of(nodes, constants, ["B", "H", "W"])


def model_of(
    nodes: list[onnx.NodeProto], constants: Mapping[str, object], shape: list[str | int]
) -> onnx.ModelProto:
    """A model of one image and one number."""
    graph = helper.make_graph(
        nodes,
        "benchmark",
        [helper.make_tensor_value_info(INPUT, TensorProto.UINT8, shape)],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["B", 1])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def write(
    repository: Path, name: str, model: onnx.ModelProto, shape: tuple[int, ...] | None,
    dataset: str, batch: int,
) -> None:  # fmt: skip
    """Version 1 of a model, with a self-description."""
    content = model.SerializeToString()
    spec = ModelSpec(
        task="classification",
        method="benchmark",
        dataset=dataset,
        target="glaucoma",
        input=INPUT,
        image_shape=shape,
        output=OUTPUT,
        class_names=("no", "yes"),
        threshold=Threshold(value=0.5, rule="fixed", split="val", split_sha256="0" * 64),
        checkpoint_sha256="0" * 64,
        model_sha256=hashlib.sha256(content).hexdigest(),
        precision="fp32",
        parity={},
    )
    config = triton.ModelConfig(
        name=name,
        backend="onnxruntime",
        max_batch_size=batch,
        input=[triton.ModelInput(name=INPUT, data_type=triton.TYPE_UINT8, dims=shape or (-1, -1))],
        output=[triton.ModelOutput(name=OUTPUT, data_type=triton.TYPE_FP32, dims=[1])],
        instance_group=[
            triton.ModelInstanceGroup(count=1, kind=triton.ModelInstanceGroup.KIND_CPU)
        ],
    )
    config.parameters[PARAMETER_KEY].string_value = spec.to_json()
    folder = repository / name / "1"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(content)
    (folder.parent / "config.pbtxt").write_text(text_format.MessageToString(config))
