"""Checks of a description against the tensors that the server says a model has."""

from collections.abc import Sequence
from typing import Any

from fairness.errors import UsageError
from fairness.foreign.description import Masks
from fairness.foreign.model_yaml import Described

FLOATS = ("FP16", "FP32", "FP64")
CLASS_TYPES = ("UINT8", "INT8", "INT16", "INT32", "INT64")
"""Types by the protocol's names."""

ANY = "ANY"
"""In the place of an output's type that the server does not state; it is read off the answer."""


def types_of(said: Described) -> tuple[str, ...]:
    """Types that can hold what the output is said to hold."""
    return CLASS_TYPES if said.description.output.holds == "class_mask" else FLOATS


def named(said: Described, role: str, tensors: Sequence[Any], name: str, model: str) -> Any:
    """The tensor of that name.

    Raises:
        UsageError: there is none.
    """
    for tensor in tensors:
        if tensor.name == name:
            return tensor
    has = ", ".join(tensor.name[:100] for tensor in tensors[:20]) or "none"
    raise UsageError(f"{said.at(role, 'name')}: model '{model}' has no {role} '{name}', but {has}")


def check_type(said: Described, output: Any, model: str) -> None:
    """Refuse an output of a type that cannot hold what it is said to hold.

    Raises:
        UsageError: it is such a one.
    """
    holds = said.description.output.holds
    allowed = types_of(said)
    if output.datatype not in (*allowed, ANY):
        raise UsageError(
            f"{said.at('output', 'holds')}: '{output.name[:100]}' of model '{model}' is "
            f"{output.datatype[:20]}, and {holds} is one of {', '.join(allowed)}"
        )


def axes(
    said: Described,
    role: str,
    layout: str,
    shape: Sequence[int],
    sizes: dict[str, int],
    strict: bool = True,
) -> str:
    """The layout, with N where the server has an axis of batches that it does not name.

    Args:
        said: the description.
        role: `input` or `output`, whose layout it is.
        layout: as described.
        shape: as the server says, -1 where any length goes.
        sizes: length of each axis; -1, or absent, any length.
        strict: whether a fixed length of the server needs one of the description, too.

    Raises:
        UsageError: the server's axes are of other number or length.
    """
    told = [layout] if "N" in layout else [layout, f"N{layout}"]
    fitting = [found for found in told if len(found) == len(shape)]
    where = f"the server says {list(shape[:9])}"
    if not fitting:
        raise UsageError(f"{said.at(role, 'layout')}: {layout}, but {where}; correct the layout")
    for axis, length in zip(fitting[0], shape, strict=True):
        if axis == "N" and length not in (-1, 1):
            raise UsageError(
                f"{said.at(role, 'layout')}: {where}, exactly {length} images at once; serve the "
                "model with a free axis of batches"
            )
        wanted = sizes.get(axis, -1)
        if axis != "N" and length != -1 and length != wanted and (strict or wanted != -1):
            key = "layout" if role == "output" else "size" if axis in "HW" else "colour"
            needed = f"{wanted} along {axis}" if wanted != -1 else f"no length along {axis}"
            raise UsageError(
                f"{said.at(role, key)}: the description says {needed} ({fitting[0]}), but {where}; "
                "correct it or the layout"
            )
    return fitting[0]


def check_batches(said: Described, sent: str, found: str, shape: Sequence[int]) -> None:
    """Refuse masks without an axis of batches for images with one, or the other way round.

    Raises:
        UsageError: only one of them has it.
    """
    if sent.startswith("N") != found.startswith("N"):
        raise UsageError(
            f"{said.at('output', 'layout')}: images go as {sent}, masks come as {found} "
            f"{list(shape[:9])}; one has an axis of batches, the other none"
        )


def check_classes(said: Described, answer: Masks, output: Any, layout: str) -> None:
    """Refuse scores of fewer classes than the description names.

    Raises:
        UsageError: a class has no scores.
    """
    if answer.holds != "class_scores":
        return
    length = output.shape[layout.index("C")]
    if -1 < length <= max(answer.classes.values()):
        raise UsageError(
            f"{said.at('output', 'classes')}: '{answer.name}' has {length} classes, counted from 0"
        )
