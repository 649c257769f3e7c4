"""Drafts a `model.yaml` from what a server says of a model; every guess is marked as one."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from audit.client.described_tensors import CLASS_TYPES, FLOATS
from audit.client.foreign import INPUT_TYPES
from audit.draft_inputs import further_lines
from audit.draft_scores import score_lines, target_lines, task_of
from audit.evidence import classes_of, in_words
from audit.table_target import TableTarget
from audit.trial import Trial
from fairness.errors import UsageError
from fairness.foreign.model_yaml import GUESS
from fairness.structures import MOST

BY_HAND = "write model.yaml by hand, as docs/your-own-model.md shows"


@dataclass(frozen=True)
class Taken:
    """The image input, as far as its metadata show it."""

    layout: str
    channels: int
    size: tuple[int, int] | None


def draft(
    model: str, metadata: Any, target: TableTarget | None = None, trial: Trial | None = None
) -> str:
    """The text of a `model.yaml` for a model with one image among its inputs.

    Args:
        model: its name.
        metadata: what the server says of its tensors.
        target: what the table says of the answer, where there is one.
        trial: what the model answered to samples, where any were sent.

    Raises:
        UsageError: no input looks like an image, or several do; or the answer does not fit the
            table.
    """
    if not metadata.outputs:
        raise UsageError(f"model '{model}' has no output; {BY_HAND}")
    tensor, taken = image_among(model, metadata.inputs)
    output = answer_among(metadata.outputs)
    batched = taken.layout.startswith("N")
    dims = list(output.shape[1:] if batched else output.shape)
    draws = len(dims) >= 2 and dims[-2:] != [1, 1]
    columns = math.prod(dims) if min(dims, default=1) >= 0 else None
    task = "segmentation" if draws else task_of(target, columns)
    if trial is not None and not draws:
        columns = trial.columns.shape[1]
    by = "the output's shape" + (" and the target of the table" if target and not draws else "")
    lines = [f"# What model '{model}' takes and answers. Check each line marked {GUESS}.", ""]
    lines += [f"task: {task}  # by {by}"]
    lines += [] if draws else target_lines(task, target, trial)
    lines += ["", "input:", *input_lines(tensor, taken, trial)]
    lines += further_lines([one for one in metadata.inputs if one is not tensor], batched)
    lines += ["", "output:"]
    others = others_than(output, metadata.outputs)
    lines += [f"  name: {json.dumps(output.name)}{others or '  # as the server says'}"]
    if draws:
        lines += mask_lines(output, dims, batched, trial)
    else:
        lines += score_lines(task, target, columns, trial)
    return "\n".join(lines) + "\n"


def image_among(model: str, inputs: Sequence[Any]) -> tuple[Any, Taken]:
    """The input that looks like an image.

    Raises:
        UsageError: none does, or several do.
    """
    found = [(tensor, taken) for tensor in inputs if (taken := taken_by(tensor)) is not None]
    if len(found) > 1:
        names = " and ".join(f"'{tensor.name[:100]}'" for tensor, _ in found[:5])
        raise UsageError(f"model '{model}': inputs {names} look like images, one can be; {BY_HAND}")
    if not found:
        has = ", ".join(
            f"'{one.name[:100]}' {one.datatype[:20]} {list(one.shape[:9])}" for one in inputs[:20]
        )
        raise UsageError(
            f"model '{model}' takes {has or 'nothing'}, which looks like no image; {BY_HAND}"
        )
    return found[0]


def answer_among(outputs: Sequence[Any]) -> Any:
    """The first output that can hold scores, else the first; `label` often stands before them."""
    return next((output for output in outputs if output.datatype in FLOATS), outputs[0])


def taken_by(tensor: Any) -> Taken | None:
    """What the shape of an input says; 1 or 3 is taken for the number of channels.

    None where it is no image, or of a type that is not sent.
    """
    shape = list(tensor.shape)
    for layout in ("NCHW", "NHWC", "CHW", "HWC", "NHW", "HW"):
        if len(layout) != len(shape) or tensor.datatype not in INPUT_TYPES:
            continue
        channels = shape[layout.index("C")] if "C" in layout else 1
        if channels not in (1, 3) or (layout[0] == "N" and shape[0] not in (-1, 1)):
            continue
        sides = (shape[layout.index("H")], shape[layout.index("W")])
        if any(0 < side < 8 for side in sides) or (layout == "HW" and min(sides) < 0):
            continue  # rows of a table of numbers, as far as one can see
        return Taken(layout, channels, sides if min(sides) > 0 else None)
    return None


def input_lines(tensor: Any, taken: Taken, trial: Trial | None) -> list[str]:
    """The lines under `input:`."""
    lines = [
        f"  name: {json.dumps(tensor.name)}  # as the server says",
        f"  layout: {taken.layout}  # axes: N batch, C channels, H rows, W columns",
        f"  dtype: {INPUT_TYPES[tensor.datatype]}  # as the server says",
    ]
    pictures = f"the {len(trial.answers)} pictures" if trial else ""
    if taken.channels == 3:
        grey = f"; {pictures} are grey, for which it is the same" if trial and trial.is_grey else ""
        lines.append(f"  colour: rgb  # {GUESS}: rgb, or bgr as OpenCV reads files{grey}")
    else:
        lines.append("  colour: grey  # pictures in colours become luma")
    if taken.size is not None:
        sizes = sorted({shape[:2] for shape in trial.shapes}) if trial else []
        stored = " to ".join(f"{h} x {w}" for h, w in dict.fromkeys([*sizes[:1], *sizes[-1:]]))
        seen = f"; {pictures} have {stored}" if stored else ""
        lines += [
            f"  size: [{taken.size[0]}, {taken.size[1]}]  # rows, columns{seen}",
            f"  resize: squash  # {GUESS}: or crop (with shorter: 256) or letterbox (fill: 0)",
            f"  filter: bilinear  # {GUESS}: nearest, box, bilinear, hamming, bicubic or lanczos",
        ]
    if tensor.datatype != "UINT8":
        preset = "imagenet" if taken.channels == 3 else "unit"
        lines += [
            f"  normalise: {preset}  # {GUESS}: imagenet, clip, half (-1..1), unit (0..1), xrv, or",
            "  # {divide_by: 255, mean: [0.5], std: [0.25]} for (pixel / 255 - 0.5) / 0.25;",
            "  # a wrong one shows in no range of answers, only in worse ones",
        ]
    return lines


def mask_lines(output: Any, dims: Sequence[int], batched: bool, trial: Trial | None) -> list[str]:
    """The lines under `output:` of a model that draws masks."""
    is_class = output.datatype in CLASS_TYPES
    inner = "HW" if len(dims) == 2 else "HWC" if is_class and dims[-1] == 1 else "CHW"
    columns = 1 if is_class or "C" not in inner else dims[inner.index("C")]
    holds = "class_mask" if is_class else "class_scores"
    if columns == 1 and not is_class:
        lays = [] if trial is None else [answer for answer in trial.answers if answer.size]
        outside = any(answer.min() < 0 or answer.max() > 1 for answer in lays)
        holds = "mask_logit" if outside else "mask_probability"
    came, most = "the model's number of each", 2 if is_class else columns - 1
    if trial is not None:
        shares = classes_of(trial, holds, -3 if inner == "CHW" else None)
        came += f"; the {len(trial.answers)} masks held {in_words(shares)}"
        most = max(shares, default=0) if is_class else most
    names = ("background", *(f"structure_{i}" for i in range(1, min(max(most, 1), MOST) + 1)))
    classes = ", ".join(f"{name}: {number}" for number, name in enumerate(names))
    return [
        f"  layout: {'N' if batched else ''}{inner}  # {GUESS}: C is the axis of classes",
        "  # class_mask; class_scores, the highest wins; of one structure mask_probability or",
        "  # mask_logit",
        f"  holds: {holds}  # {GUESS}: by the output's type and shape",
        f"  classes: {{{classes}}}  # {GUESS}: {came}, in your words",
        "  # unions: {lungs: [left_lung, right_lung]}, where structures together are one more",
        "  # ignore: [a_class], where the masks of the data do not have it",
    ]


def others_than(chosen: Any, outputs: Sequence[Any]) -> str:
    """A comment on further outputs."""
    names = [json.dumps(tensor.name[:50]) for tensor in outputs[:10] if tensor.name != chosen.name]
    return f"  # {GUESS}: there is also {', '.join(names)}" if names else ""
