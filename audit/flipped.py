"""Decisions that differ between two answers to the same samples: of one score, labels, classes."""

from collections.abc import Mapping

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.tasks.binary import SCORE, BinaryTask
from fairness.tasks.multiclass import MulticlassTask
from fairness.tasks.multilabel import MultilabelTask
from fairness.tasks.task import Task

ALTOGETHER = ""
"""In place of a label: the only decision, that between classes, or those of all labels."""


def flipped(
    task: Task, one: Mapping[str, FloatArray], other: Mapping[str, FloatArray]
) -> dict[str, IntArray]:
    """How many decisions about each sample (n,) differ: `ALTOGETHER`, then by label or class.

    Args:
        task: judges both, each label at its threshold; none where it draws masks.
        one: numbers (n,) that were read from answers, by name.
        other: of the same samples.
    """
    found: dict[str, IntArray] = {}
    if isinstance(task, BinaryTask):
        old, new = (values[SCORE] >= task.threshold for values in (one, other))
        found[ALTOGETHER] = (old != new).astype(np.int64)
    elif isinstance(task, MulticlassTask):
        chosen = [
            np.stack([values[name] for name in task.value_names]).argmax(0)
            for values in (one, other)
        ]
        moved = chosen[0] != chosen[1]
        found[ALTOGETHER] = moved.astype(np.int64)
        for k, name in enumerate(task.names):
            concerned = (chosen[0] == k) | (chosen[1] == k)
            found[name] = (moved & concerned).astype(np.int64)
    elif isinstance(task, MultilabelTask):
        for label, name, least in zip(task.labels, task.value_names, task.thresholds, strict=True):
            old, new = (values[name] >= least for values in (one, other))
            found[label] = (old != new).astype(np.int64)
        found = {ALTOGETHER: np.sum([*found.values()], axis=0), **found}
    return found
