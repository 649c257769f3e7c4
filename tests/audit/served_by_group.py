"""Models for the real server that take the group: mean grey level, shifted by it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper
from served import SPEC, write_model

from fairness.arrays import FloatArray, Image
from fairness.attributes import RACE
from fairness.contract import GroupInput
from fairness.probes import Probes

SHIFTS = (0.0, 0.02, -0.05, 0.1)
"""Of unknown, then of each group."""

GROUP_SPEC = replace(
    SPEC,
    method="mean grey by group",
    attribute="race",
    group_input=GroupInput(
        name="group", attribute="race", groups=RACE.groups, settings={"rank": 1.0}
    ),
)


def answered(images: Image, group: int) -> FloatArray:
    """P (n,) of images of any shapes as members of a group, by numpy."""
    return np.array([image.mean() / 255 for image in images]) + SHIFTS[group + 1]


def grey_by_group() -> bytes:
    """(B, H, W) and groups (B, 1) > (B, 1)."""
    nodes = [
        helper.make_node("Cast", ["image"], ["grey"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["grey", "axes"], ["mean"], keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "last"], ["column"]),
        helper.make_node("Div", ["column", "white"], ["plain"]),
        helper.make_node("Add", ["group", "one"], ["place"]),
        helper.make_node("Gather", ["shifts", "place"], ["shift"]),
        helper.make_node("Add", ["plain", "shift"], ["probability"]),
    ]
    graph = helper.make_graph(
        nodes,
        "grey_by_group",
        [
            helper.make_tensor_value_info("image", TensorProto.UINT8, ["B", "H", "W"]),
            helper.make_tensor_value_info("group", TensorProto.INT64, ["B", 1]),
        ],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["B", 1])],
        [
            helper.make_tensor("axes", TensorProto.INT64, [2], [1, 2]),
            helper.make_tensor("last", TensorProto.INT64, [1], [1]),
            helper.make_tensor("one", TensorProto.INT64, [], [1]),
            helper.make_tensor("white", TensorProto.FLOAT, [], [255.0]),
            helper.make_tensor("shifts", TensorProto.FLOAT, [len(SHIFTS)], SHIFTS),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def write_group_models(repository: Path) -> None:
    """A sound model whose probes are of mixed groups, and one that knows other groups."""
    codes = (-1, 0, 1, 2)
    probes = Probes(seed=9, shapes=((40, 30),) * 4, groups=codes, expected=(), tolerance=1e-4)
    pairs = zip(probes.images(), codes, strict=True)
    expected = tuple((float(answered(image[None], code)[0]),) for image, code in pairs)
    sound = replace(GROUP_SPEC, probes=replace(probes, expected=expected))
    write_model(repository, "by_group", sound, grey_by_group())
    takes = GroupInput(name="group", attribute="race", groups=("A", "B", "C"), settings={})
    write_model(repository, "other_groups", replace(GROUP_SPEC, group_input=takes), grey_by_group())
