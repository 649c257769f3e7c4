"""Small models for the real server: the mean grey level as a probability, sound and faulty."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from google.protobuf import text_format
from onnx import TensorProto, helper
from tritonclient.grpc import model_config_pb2 as triton

from export.config import config_text
from fairness.contract import PARAMETER_KEY, ModelSpec, SelectedOn, Threshold
from fairness.probes import Probes

BATCH_SIZE = 4
SPEC = ModelSpec(
    task="classification",
    method="mean grey",
    dataset="fairvlmed",
    target="glaucoma",
    input="image",
    output="probability",
    class_names=("non-glaucoma", "glaucoma"),
    threshold=Threshold(value=0.25, rule="fixed", split="val", split_sha256="0" * 64),
    selected_on=SelectedOn(split="test", epoch=3, value=0.9),
    checkpoint_sha256="1" * 64,
    model_sha256="",
    precision="fp32",
    parity={},
)


def mean_grey(divisor: float = 255.0, kind: int = TensorProto.UINT8) -> bytes:
    """(B, H, W) > (B, 1): the mean over the image divided by `divisor`; 0 makes it infinite."""
    nodes = [
        helper.make_node("Cast", ["image"], ["grey"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["grey", "axes"], ["mean"], keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "last"], ["column"]),
        helper.make_node("Div", ["column", "divisor"], ["probability"]),
    ]
    graph = helper.make_graph(
        nodes,
        "mean_grey",
        [helper.make_tensor_value_info("image", kind, ["B", "H", "W"])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["B", 1])],
        [
            helper.make_tensor("axes", TensorProto.INT64, [2], [1, 2]),
            helper.make_tensor("last", TensorProto.INT64, [1], [1]),
            helper.make_tensor("divisor", TensorProto.FLOAT, [], [divisor]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def with_probes(spec: ModelSpec, offset: float = 0.0) -> ModelSpec:
    """The spec with three probes whose expected outputs are the truth plus `offset`."""
    probes = Probes(seed=5, shapes=((40, 30), (16, 24), (8, 8)), expected=(), tolerance=1e-4)
    expected = tuple((float(np.mean(image)) / 255 + offset,) for image in probes.images())
    return replace(spec, probes=replace(probes, expected=expected))


def write_model(
    repository: Path,
    name: str,
    spec: ModelSpec | None,
    content: bytes,
    float_input: bool = False,
    float_output: bool = False,
) -> None:
    """Version 1 of a model; without a spec it does not describe itself."""
    shown = replace(spec or SPEC, model_sha256=hashlib.sha256(content).hexdigest())
    config = text_format.Parse(config_text(name, 1, shown), triton.ModelConfig())
    config.max_batch_size = BATCH_SIZE
    if spec is None:
        del config.parameters[PARAMETER_KEY]
    if float_input:
        config.input[0].data_type = triton.TYPE_FP32
    if float_output:
        config.output[0].data_type = triton.TYPE_FP32
    del config.model_warmup[:]
    folder = repository / name / "1"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(content)
    (folder.parent / "config.pbtxt").write_text(text_format.MessageToString(config))
