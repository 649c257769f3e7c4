"""What the numbers of an output seem to hold, by how many there are and where answers lay."""

import numpy as np

from fairness.arrays import FloatArray

SUMS = 5e-3
"""How far from 1 the sum of probabilities may be, which half precision rounds."""

ALIKE = 1e-6
"""Of answers: those that differ by less are one."""

ENOUGH = 64
"""Samples of which an AUC is a hint."""


def span(numbers: FloatArray) -> str:
    """`0.12..0.93`."""
    return f"{numbers.min():.3g}..{numbers.max():.3g}"


def held(columns: int, answers: FloatArray | None, task: str) -> tuple[str, str]:
    """What an output seems to hold, and why: by its columns, and by answers where there are any.

    Args:
        columns: numbers for each image.
        answers: (n, columns).
        task: as a description names it.
    """
    if answers is None or not np.isfinite(answers).all():
        odd = "" if answers is None else "; the answers hold nan or infinity"
        if columns == 1 or task == "multilabel":
            return "probability", f"probability, or logit (any number){odd}"
        return "logits", f"logits (softmax over the columns), probability, or logit{odd}"
    lay = f"the {len(answers)} answers lay in {span(answers)}"
    inside = answers.min() >= 0 and answers.max() <= 1
    if columns == 1 or task == "multilabel":
        return ("probability", lay) if inside else ("logit", f"{lay}, so they are no probabilities")
    if not inside and task == "multiclass":
        return "logits", f"{lay}, so they are no probabilities"
    if not inside:
        return "logits", f"{lay}: logits if the classes exclude one another, else logit"
    if np.abs(answers.sum(axis=1) - 1).max() <= SUMS:
        return "probability", f"{lay} and sum to 1, so the model has its softmax inside"
    if task == "multiclass":
        return "logits", f"{lay}, but do not sum to 1, as probabilities of classes do"
    return "probability", f"{lay}, but do not sum to 1: is each column a sigmoid?"
