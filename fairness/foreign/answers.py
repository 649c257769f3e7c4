"""The output tensor of a described model as probabilities (B, K) or masks (B, H, W)."""

import numpy as np

from fairness.arrays import Array, FloatArray, Image
from fairness.foreign.description import ImageInput, Masks, Scores
from fairness.foreign.resize import unresized

NO_STRUCTURE = 255
"""Of a pixel to which the model gives a class that the description does not name."""


def probabilities(output: Array, said: Scores, rows: int) -> Array:
    """The probability of the positive class, or of each label or class, (B, K) float32.

    Args:
        output: numbers, B times as many as there are columns, in any shape.
        said: what they are.
        rows: B.

    Raises:
        ValueError: there are no such columns, or they hold no probabilities; says so.
    """
    if output.size == 0 or output.size % rows or (output.ndim > 1 and output.shape[0] != rows):
        raise ValueError(f"has shape {list(output.shape)} for {rows} images")
    columns = output.reshape(rows, -1).astype(np.float64)
    if fault := fault_of_columns(columns.shape[1], said):
        raise ValueError(fault)
    if np.isnan(columns).any():
        raise ValueError("answered nan, which is no number; check the model and its input")
    chosen = columns[:, said.columns]
    if said.holds == "probability" and not ((chosen >= 0) & (chosen <= 1)).all():
        strange = chosen[(chosen < 0) | (chosen > 1)][0]
        raise ValueError(f"answered {strange:.4g}, which is no probability; is it a logit?")
    if said.holds == "logit":
        chosen = sigmoid(chosen)
    if said.holds == "logits":
        chosen = softmax(columns)[:, said.columns]
    found: Array = chosen.astype(np.float32)
    return found


def fault_of_columns(columns: int, said: Scores) -> str | None:
    """Why a probability cannot be read from so many columns; None where it can."""
    if said.holds == "logits" and columns < 2:
        return "has one column, and logits go through a softmax over two or more; write logit"
    if said.classes is not None and columns != len(said.classes):
        return f"has {columns} columns for {len(said.classes)} classes"
    if said.labels is not None and max(said.columns) >= columns:
        return f"has {columns} columns, so there is no column {max(said.columns)}"
    if said.labels is not None or said.classes is not None:
        return None
    if said.positive is None and columns > 1:
        return f"has {columns} columns; say which is the positive class by 'positive'"
    if said.positive is not None and said.positive >= columns:
        return f"has {columns} columns, so there is no column {said.positive}"
    return None


def sigmoid(logit: FloatArray) -> FloatArray:
    """1 / (1 + exp(-logit)), without overflow."""
    found: FloatArray = np.exp(-np.logaddexp(0.0, -logit))
    return found


def softmax(logits: FloatArray) -> FloatArray:
    """Along the last axis, without overflow."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    found: FloatArray = raised / raised.sum(axis=-1, keepdims=True)
    return found


def drawn(scores: Array, said: Masks) -> Array:
    """1 where a pixel's probability is 0.5 or more, else 0; of (B, H, W) probabilities or logits.

    Raises:
        ValueError: they are none.
    """
    if np.isnan(scores).any():
        raise ValueError("has scores that are no numbers")
    if said.holds == "mask_logit":
        return np.asarray(scores >= 0, dtype=np.uint8)
    if not ((scores >= 0) & (scores <= 1)).all():
        strange = scores[(scores < 0) | (scores > 1)].flat[0]
        raise ValueError(f"answered {strange:.4g}, which is no probability; is it a mask_logit?")
    return np.asarray(scores >= 0.5, dtype=np.uint8)


def masks(output: Array, said: Masks, layout: str, sent: ImageInput, native: Image) -> Image:
    """Masks of the classes of `said.class_names` at the size of the stored images, (B, H, W) uint8.

    Args:
        output: of the server.
        said: what it holds.
        layout: its axes; without N there is one image.
        sent: how the images got to their size.
        native: the stored images, (B, H, W) or (B, H, W, 3).

    Raises:
        ValueError: the output is of another size than the images were, or a class is not named.
    """
    if "N" not in layout:
        output = output[np.newaxis]
    if layout.endswith("CHW"):
        output = np.moveaxis(output, 1, -1)
    if "C" not in layout:
        output = output[..., np.newaxis]
    size = sent.size or native.shape[1:3]
    if output.shape[:3] != (len(native), *size):
        raise ValueError(f"has masks of {output.shape[:3]}, the images sent {(len(native), *size)}")
    if said.holds == "class_scores":
        if max(said.classes.values()) >= output.shape[3]:
            raise ValueError(f"has {output.shape[3]} classes, fewer than 'classes' names")
        if not np.isfinite(output).all():
            raise ValueError("has scores that are no numbers")
        numbers = output.argmax(axis=-1)
    elif said.holds == "class_mask":
        numbers = output[..., 0]
    else:
        numbers = drawn(output[..., 0], said)
    found = np.full(numbers.shape, NO_STRUCTURE, np.uint8)
    for number, code in said.codes.items():
        found[numbers == number] = code
    if (found == NO_STRUCTURE).any():
        strange = numbers[found == NO_STRUCTURE].flat[0]
        raise ValueError(
            f"has the class {strange}, which 'classes' does not name; name it, and under 'ignore' "
            "where it counts as background"
        )
    shape = (native.shape[1], native.shape[2])
    return np.stack([unresized(mask, shape, sent) for mask in found])
