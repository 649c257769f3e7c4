"""Drafts a `model.yaml` from what a server says of a model; every guess is marked as one."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from audit.client.described_tensors import CLASS_TYPES
from audit.client.foreign import INPUT_TYPES
from fairness.errors import UsageError
from fairness.foreign.model_yaml import GUESS

BY_HAND = "write model.yaml by hand, as docs/your-own-model.md shows"


@dataclass(frozen=True)
class Taken:
    """The image input, as far as its metadata show it."""

    layout: str
    channels: int
    size: tuple[int, int] | None


def draft(model: str, metadata: Any) -> str:
    """The text of a `model.yaml` for a model with one image input.

    Args:
        model: its name.
        metadata: what the server says of its tensors.

    Raises:
        UsageError: nothing in the metadata looks like an image, or there are several inputs.
    """
    if len(metadata.inputs) != 1 or not metadata.outputs:
        raise UsageError(
            f"model '{model}' has {len(metadata.inputs)} inputs and {len(metadata.outputs)} "
            f"outputs, one image in and an answer out can be audited; {BY_HAND}"
        )
    tensor, output = metadata.inputs[0], metadata.outputs[0]
    taken = taken_by(model, tensor)
    batched = taken.layout.startswith("N")
    dims = list(output.shape[1:] if batched else output.shape)
    draws = len(dims) >= 2 and dims[-2:] != [1, 1]
    lines = [f"# What model '{model}' takes and answers. Check each line marked {GUESS}.", ""]
    lines += [f"task: {'segmentation' if draws else 'classification'}"]
    if not draws:
        lines += [f"target: target  # {GUESS}: the column of the label, 0 or 1, in your table"]
        lines += [f"threshold: 0.5  # {GUESS}: a score from it on counts as positive"]
    lines += ["", "input:", *input_lines(tensor, taken), "", "output:"]
    lines += mask_lines(output, dims, batched) if draws else score_lines(output, dims, metadata)
    return "\n".join(lines) + "\n"


def taken_by(model: str, tensor: Any) -> Taken:
    """What the shape of an input says; 1 or 3 is taken for the number of channels.

    Raises:
        UsageError: it is no image, or of a type that is not sent.
    """
    shape = list(tensor.shape)
    for layout in ("NCHW", "NHWC", "CHW", "HWC", "NHW", "HW"):
        if len(layout) != len(shape) or tensor.datatype not in INPUT_TYPES:
            continue
        channels = shape[layout.index("C")] if "C" in layout else 1
        if channels not in (1, 3) or (layout[0] == "N" and shape[0] not in (-1, 1)):
            continue
        sides = (shape[layout.index("H")], shape[layout.index("W")])
        if layout == "HW" and min(sides) < 8:
            continue  # rows of a table of numbers, as far as one can see
        return Taken(layout, channels, sides if min(sides) > 0 else None)
    raise UsageError(
        f"model '{model}': input '{tensor.name[:100]}' is {tensor.datatype[:20]} {shape[:9]}, "
        f"which looks like no image; {BY_HAND}"
    )


def input_lines(tensor: Any, taken: Taken) -> list[str]:
    """The lines under `input:`."""
    lines = [
        f"  name: {json.dumps(tensor.name)}",
        f"  layout: {taken.layout}  # axes: N batch, C channels, H rows, W columns",
        f"  dtype: {INPUT_TYPES[tensor.datatype]}",
    ]
    if taken.channels == 3:
        lines.append(f"  colour: rgb  # {GUESS}: rgb, or bgr as OpenCV reads files")
    else:
        lines.append("  colour: grey")
    if taken.size is not None:
        lines += [
            f"  size: [{taken.size[0]}, {taken.size[1]}]  # rows, columns",
            f"  resize: squash  # {GUESS}: or crop (with shorter: 256) or letterbox (fill: 0)",
            f"  filter: bilinear  # {GUESS}: nearest, box, bilinear, hamming, bicubic or lanczos",
        ]
    if tensor.datatype != "UINT8":
        preset = "imagenet" if taken.channels == 3 else "unit"
        lines += [
            f"  normalise: {preset}  # {GUESS}: imagenet, clip, half (-1..1), unit (0..1), xrv, or",
            "  # {divide_by: 255, mean: [0.5], std: [0.25]} for (pixel / 255 - 0.5) / 0.25",
        ]
    return lines


def score_lines(output: Any, dims: Sequence[int], metadata: Any) -> list[str]:
    """The lines under `output:` of a classifier."""
    columns = dims[0] if dims else 1
    lines = [f"  name: {json.dumps(output.name)}{others(metadata)}"]
    if columns in (-1, 1):
        return [*lines, f"  holds: probability  # {GUESS}: probability, or logit (any number)"]
    return [
        *lines,
        f"  holds: logits  # {GUESS}: logits (softmax over the columns), probability, or logit",
        f"  positive: 1  # {GUESS}: the column of the positive class, from 0 to {columns - 1}",
    ]


def mask_lines(output: Any, dims: Sequence[int], batched: bool) -> list[str]:
    """The lines under `output:` of a model that draws masks."""
    is_class = output.datatype in CLASS_TYPES
    inner = "HW" if len(dims) == 2 else "HWC" if is_class and dims[-1] == 1 else "CHW"
    return [
        f"  name: {json.dumps(output.name)}",
        f"  layout: {'N' if batched else ''}{inner}  # {GUESS}: C is the axis of classes",
        f"  holds: {'class_mask' if is_class else 'class_scores'}",
        f"  classes: {{background: 0, rim: 1, cup: 2}}  # {GUESS}: the model's number of each",
    ]


def others(metadata: Any) -> str:
    """A comment on further outputs."""
    names = [json.dumps(tensor.name[:50]) for tensor in metadata.outputs[1:10]]
    return f"  # {GUESS}: there is also {', '.join(names)}" if names else ""
