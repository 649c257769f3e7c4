"""A model in fewer bits: the network behind its first convolution in float16, or products in int8.

What comes before the first convolution prepares the image and stays in float32: grey levels up to
255 and resizing need its digits. On a CPU float16 is computed through casts to float32, so it says
what a GPU's rounding does to the answers, not how fast that is.
"""

import logging
import tempfile
from pathlib import Path

import onnx

from export.to_onnx import IR_VERSION, require_loadable
from export.tolerance import Precision
from fairness.errors import DataError

CONVOLUTIONS = ("Conv", "ConvTranspose")


def converted(model: onnx.ModelProto, precision: Precision) -> onnx.ModelProto:
    """The model in another precision; its inputs and outputs keep their types.

    Raises:
        DataError: the result is not what every supported server loads.
    """
    if precision == "fp32":
        return model
    found = to_float16(model) if precision == "fp16" else to_int8(model)
    found.ir_version = IR_VERSION
    require_loadable(found)
    return found


def to_float16(model: onnx.ModelProto) -> onnx.ModelProto:
    """Weights and activations behind the first convolution in float16.

    Raises:
        DataError: there is no convolution.
    """
    from onnxruntime.transformers.float16 import convert_float_to_float16

    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    found: onnx.ModelProto = convert_float_to_float16(
        copy, keep_io_types=True, node_block_list=preparing(copy)
    )
    in_order(found.graph)
    del found.graph.value_info[:]
    return found


def to_int8(model: onnx.ModelProto) -> onnx.ModelProto:
    """Matrix products in int8, activations by the range that each batch has.

    The convolution of patches stays in float32: quantised, it flips more decisions for nothing.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.getLogger().setLevel(logging.ERROR)  # it advises preprocessing on the root logger
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "int8.onnx"
        quantize_dynamic(
            model, path, op_types_to_quantize=["MatMul", "Gemm"], weight_type=QuantType.QInt8
        )
        found = onnx.load(path)
    del found.graph.value_info[:]
    return found


def preparing(model: onnx.ModelProto) -> list[str]:
    """Names of the nodes before the first convolution, in the order of the graph.

    Raises:
        DataError: there is none.
    """
    for place, node in enumerate(model.graph.node):
        if node.op_type in CONVOLUTIONS:
            return [before.name for before in model.graph.node[:place]]
    raise DataError("the model has no convolution, behind which float16 could begin; export fp32")


def in_order(graph: onnx.GraphProto) -> None:
    """Sort the nodes, in place, so that each stands behind those whose outputs it takes."""
    waiting = list(graph.node)
    known = {"", *(x.name for x in graph.input), *(x.name for x in graph.initializer)}
    done: list[onnx.NodeProto] = []
    while waiting:
        ready = [node for node in waiting if set(node.input) <= known]
        if not ready:
            raise DataError(f"node '{waiting[0].name}' takes what no node gives; export fp32")
        taken = {id(node) for node in ready}
        waiting = [node for node in waiting if id(node) not in taken]
        known |= {name for node in ready for name in node.output}
        done += ready
    del graph.node[:]
    graph.node.extend(done)
