"""What the lines of a `model.yaml` contradict one another in; each says which line to look at."""

from collections.abc import Iterator
from typing import TypeAlias

from fairness.foreign.description import Description, ImageInput, Masks, Scores
from fairness.structures import structures_of

Fault: TypeAlias = tuple[tuple[str, ...], str]
"""The keys that lead to the line, and what is wrong."""


def contradiction(said: Description) -> Fault | None:
    """The first contradiction; None where there is none."""
    return next(_all(said), None)


def _all(said: Description) -> Iterator[Fault]:
    draws = said.task == "segmentation"
    if draws != isinstance(said.output, Masks):
        yield ("output", "holds"), f"{said.output.holds} is no output of task {said.task}"
    if draws and said.input.resize == "crop":
        yield ("input", "resize"), "a mask of the cropped centre lacks the rest; write squash"
    if draws and said.threshold is not None:
        yield ("threshold",), "masks have none; remove it"
    if isinstance(said.output, Scores):
        yield from _of_several(said, said.output)
    for key, fault in _of_input(said.input):
        yield ("input", key), fault
    yield from _of_inputs(said)
    output = said.output
    for key, fault in _of_masks(output) if isinstance(output, Masks) else _of_scores(output):
        yield ("output", key), fault
    if parts := said.spec().fault():
        yield ("origin",), parts


def _of_input(said: ImageInput) -> Iterator[tuple[str, str]]:
    if "C" not in said.layout and said.channels == 3:
        yield "layout", f"{said.layout} has no axis C for the colours"
    if (said.size is None) != (said.resize is None):
        yield "size", "size and resize (squash, crop, letterbox) go together"
    if (said.resize is None) != (said.filter is None):
        yield "filter", "resize and filter (bilinear, ...) go together"
    for key, way in (("shorter", "crop"), ("fill", "letterbox")):
        if (getattr(said, key) is None) == (said.resize == way):
            yield key, f"resize: {way} and {key} go together"
    if said.size and said.shorter and said.shorter < max(said.size):
        yield "shorter", f"{said.shorter} is less than a side of size, so the crop has no pixels"
    numbers = said.numbers
    if numbers and said.dtype == "uint8":
        yield "normalise", "gives numbers, dtype is uint8; leave one of them out"
    if said.window and not numbers:
        yield "window", "is for tensors of numbers; for uint8 use the flag --window"
    if isinstance(said.window, tuple) and said.window[0] >= said.window[1]:
        yield "window", f"{list(said.window)} is not [low, high]"
    if numbers and not {len(numbers.mean), len(numbers.std)} <= {1, said.channels}:
        most = max(len(numbers.mean), len(numbers.std))
        yield "normalise", f"has {most} channels, colour: {said.colour} has {said.channels}"


def _of_inputs(said: Description) -> Iterator[Fault]:
    for name, extra in said.inputs.items():
        if fault := extra.fault():
            yield ("inputs", name, fault[0]), fault[1]
        if name == said.input.name:
            yield ("inputs", name), "is the image by 'input'; name another tensor"
        if extra.column is not None and said.origin.probes is not None:
            yield ("inputs", name), "is made of a column, and probes have none; remove the probes"


def _of_scores(said: Scores) -> Iterator[tuple[str, str]]:
    if said.labels and said.holds == "logits":
        yield "holds", "logits go through a softmax, labels do not exclude each other; write logit"
    if said.classes and said.holds == "logit":
        yield "holds", "logit goes through a sigmoid, classes exclude each other; write logits"
    if said.holds == "logits" and said.positive is None and not (said.labels or said.classes):
        yield "positive", "logits need the index of the positive class"


def _of_several(said: Description, output: Scores) -> Iterator[Fault]:
    """Of several labels or classes, and of one score."""
    for task, key in (("multilabel", "labels"), ("multiclass", "classes")):
        if (said.task == task) != (getattr(output, key) is not None):
            yield ("output", key), f"task: {task} and output.{key} go together"
    names = tuple(output.labels or output.classes or ())
    key = "labels" if output.labels else "classes"
    if names and output.positive is not None:
        yield ("output", "positive"), f"is of one score; the columns are those of {key}"
    if len(set(names)) < len(names) or len(set(output.columns)) < len(output.columns):
        yield ("output", key), "names something twice"
    if odd := [name for name in names if set(name) & set(",=*:") or name != name.strip()]:
        yield ("output", key), f"'{odd[0]}' holds , = * : or a blank at its end; write another name"
    if output.ordered and not output.classes:
        yield ("output", "ordered"), "is of classes, which are not there"
    if said.task == "multiclass" and said.threshold is not None:
        yield ("threshold",), "the likeliest class is the decision; remove it"
    if said.thresholds is not None:
        if strange := [name for name in said.thresholds if name not in (output.labels or ())]:
            yield ("thresholds",), f"'{strange[0]}' is none of output.labels"
        lacking = [name for name in names if name not in said.thresholds]
        if lacking and said.threshold is None:
            yield ("thresholds",), f"has none for '{lacking[0]}'; name it, or a threshold for all"


def _of_masks(said: Masks) -> Iterator[tuple[str, str]]:
    numbers = list(said.classes.values())
    if twice := [name for name, n in said.classes.items() if numbers.count(n) > 1]:
        yield "classes", f"gives {' and '.join(twice[:2])} one number"
    if said.class_names[0] not in said.classes:
        yield (
            "classes",
            "names no background, and no class 0 that would be it; add background: 255 to it",
        )
    if strange := set(said.ignore) - set(said.classes):
        yield "ignore", f"'classes' has no {', '.join(sorted(strange))}"
    for key, unions in (("classes", {}), ("unions", said.unions)):
        try:
            structures_of(said.class_names, unions)
        except ValueError as error:
            yield key, str(error)
    if said.holds.startswith("mask_") and set(numbers) != {0, 1}:
        yield "classes", f"{said.holds} has two: background: 0, and 1 for the one structure"
    if said.holds == "class_scores" and "C" not in said.layout:
        yield "layout", f"{said.layout} has no axis C for the classes"
