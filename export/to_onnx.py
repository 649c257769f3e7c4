"""A servable torch module as an ONNX model that Triton images from 24.10 on load."""

import logging
import warnings

import onnx
import torch

from export.servable import GROUP, IMAGE, TOKENS, Servable
from fairness.clip_tokens import CONTEXT
from fairness.errors import DataError

OPSET = 18
IR_VERSION = 9
LARGEST = 2**31 - 1
"""Bytes that one protobuf message, and so an ONNX file in one piece, may have."""


def to_onnx(servable: Servable) -> onnx.ModelProto:
    """Trace the servable: the batch is free, height and width are where the model allows it.

    Raises:
        DataError: the result is not what every supported server loads.
    """
    model = _trace(servable)
    strip(model)
    model.ir_version = IR_VERSION
    require_loadable(model)
    return model


def _trace(servable: Servable) -> onnx.ModelProto:
    shape = servable.image_shape or (96, 80)  # a batch of 2: no two sizes equal, none of them one
    example = {IMAGE: torch.zeros(2, *shape, dtype=torch.uint8)}
    free: dict[str, dict[int, str]] = {IMAGE: {0: "batch"}}
    if servable.image_shape is None:
        free[IMAGE] = {0: "batch", 1: "height", 2: "width"}
    if servable.group_input is not None:
        example[GROUP] = torch.zeros(2, 1, dtype=torch.int64)
        free[GROUP] = {0: "batch"}
    if servable.text_input is not None:
        example[TOKENS] = torch.zeros(2, CONTEXT, dtype=torch.int64)
        free[TOKENS] = {0: "batch"}
    # The exporter logs that torchvision's operators are absent; the models use none of them.
    logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        # torch 2.13 meets its own deprecation while it copies the traced program.
        warnings.filterwarnings("ignore", r".*LeafSpec", FutureWarning)
        # Images and groups share their batch; it says so of the second name that it is given.
        warnings.filterwarnings("ignore", r".*batch will not be used", UserWarning)
        program = torch.onnx.export(
            servable.module,
            tuple(example[name] for name in servable.inputs),
            dynamo=True,
            opset_version=OPSET,
            input_names=list(servable.inputs),
            output_names=list(servable.outputs),
            dynamic_shapes=tuple(free[name] for name in servable.inputs),
            verbose=False,
        )
    if program is None:
        raise DataError("the torch exporter returned no program; its messages above say why")
    return program.model_proto


def strip(model: onnx.ModelProto) -> None:
    """Remove, in place, the exporter's notes about its machine: stack traces, source paths."""
    graph = model.graph
    del graph.value_info[:]
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer):
        part.ClearField("doc_string")
        del part.metadata_props[:]


def require_loadable(model: onnx.ModelProto) -> None:
    """Check the model against ONNX's own rules and against what the supported servers load.

    Raises:
        DataError: it is invalid, too new, too large, or needs operators outside the standard.
    """
    if model.ByteSize() > LARGEST:
        raise DataError(f"the model has {model.ByteSize() / 2**30:.1f} GiB, an ONNX file at most 2")
    opsets = {entry.domain: entry.version for entry in model.opset_import}
    if set(opsets) != {""} or opsets[""] > OPSET or model.ir_version > IR_VERSION:
        raise DataError(
            f"the model needs operators {opsets} and IR version {model.ir_version}; "
            f"servers load the standard operators up to {OPSET} and IR version {IR_VERSION}"
        )
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"the exported model is not valid ONNX: {reason}") from error


def drop_output(model: onnx.ModelProto, name: str) -> None:
    """Stop the model answering `name`, in place; the other outputs keep all they need."""
    kept = [output for output in model.graph.output if output.name != name]
    del model.graph.output[:]
    model.graph.output.extend(kept)
