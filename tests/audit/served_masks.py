"""Models for the real server that draw masks by thresholds of the grey level, sound and faulty."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper
from served import SPEC, write_model

from fairness.arrays import Image
from fairness.probes import Probes
from fairness.tasks.masks import MaskTask

SIZE = (96, 112)
DISC, CUP = 90, 110
"""Grey levels from which on a pixel counts as rim, and as cup."""

MASK_SPEC = replace(
    SPEC,
    task="segmentation",
    method="grey levels",
    dataset="fairseg",
    target="mask",
    image_shape=SIZE,
    output="mask",
    class_names=("background", "rim", "cup"),
    threshold=None,
)


def drawn(images: Image, shift: int = 0) -> Image:
    """What the sound model answers to (B, H, W) images, by numpy."""
    masks: Image = (images >= DISC + shift).astype(np.uint8) + (images >= CUP + shift)
    return masks


def grey_levels(
    shift: int = 0, extra: int = 0, columns: int = SIZE[1], kind: int = TensorProto.UINT8
) -> bytes:
    """(B, H, W) > (B, H, columns) classes, `extra` more than they should be."""
    nodes = [
        helper.make_node("Cast", ["image"], ["grey"], to=TensorProto.FLOAT),
        helper.make_node("GreaterOrEqual", ["grey", "disc"], ["is_disc"]),
        helper.make_node("GreaterOrEqual", ["grey", "cup"], ["is_cup"]),
        helper.make_node("Cast", ["is_disc"], ["one"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["is_cup"], ["two"], to=TensorProto.FLOAT),
        helper.make_node("Sum", ["one", "two", "extra"], ["classes"]),
        helper.make_node("Slice", ["classes", "from", "to", "axis"], ["part"]),
        helper.make_node("Cast", ["part"], ["mask"], to=kind),
    ]
    constants = {"disc": DISC + shift, "cup": CUP + shift, "extra": extra}
    places = {"from": 0, "to": columns, "axis": 2}
    graph = helper.make_graph(
        nodes,
        "grey_levels",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["B", "H", "W"])],
        [helper.make_tensor_value_info("mask", kind, ["B", "H", "V"])],
        [
            *(helper.make_tensor(k, TensorProto.FLOAT, [], [v]) for k, v in constants.items()),
            *(helper.make_tensor(k, TensorProto.INT64, [1], [v]) for k, v in places.items()),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def write_mask_models(repository: Path) -> None:
    """A sound model with probes, a stricter one, and one for each fault."""
    probes = Probes(seed=5, shapes=(SIZE, SIZE), expected=(), tolerance=1e-3)
    expected = tuple(tuple(MaskTask.fingerprint(drawn(x)).tolist()) for x in probes.images())
    sound = replace(MASK_SPEC, probes=replace(probes, expected=expected))
    write_model(repository, "masks", sound, grey_levels())
    write_model(repository, "stricter_masks", MASK_SPEC, grey_levels(shift=15))
    write_model(repository, "not_the_exported_masks", sound, grey_levels(shift=60))
    write_model(repository, "class_three", MASK_SPEC, grey_levels(extra=1))
    anything = replace(MASK_SPEC, image_shape=None)
    write_model(repository, "narrow_masks", anything, grey_levels(columns=50))
    write_model(repository, "other_size", replace(MASK_SPEC, image_shape=(90, 112)), grey_levels())
    as_float = grey_levels(kind=TensorProto.FLOAT)
    write_model(repository, "float_masks", MASK_SPEC, as_float, float_output=True)
