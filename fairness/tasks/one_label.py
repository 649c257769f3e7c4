"""One of several labels or classes, as a binary classifier of the cases where it is known."""

from dataclasses import replace
from typing import Literal

import numpy as np

from fairness.arrays import Array, BoolArray, FloatArray, IntArray
from fairness.errors import DataError
from fairness.outcomes import Cases, Names, Outcomes
from fairness.samples import Batch
from fairness.statistics.settings import Settings
from fairness.tasks.binary import scored
from fairness.tasks.measured import Measured

SCORED = "score:"
"""Before the name of a label or class: the name of its score, in journals and files."""
TARGET = "target:"
"""Before the name of a label: the column of it in `records/outcomes.parquet`."""

TOLERANCE = 0.01
"""Largest distance of the sum of the classes' probabilities from 1: half precision has less."""


def score_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the values that are read for each label or class."""
    return tuple(f"{SCORED}{name}" for name in names)


def one_label(
    cases: Cases,
    names: Names,
    target: IntArray,
    score: FloatArray,
    threshold: float,
    settings: Settings,
) -> Measured:
    """Everything that a binary score has, of the cases where the label is known.

    Args:
        cases: all of them.
        names: with the label.
        target: (n,) 0 or 1, -1 where unknown.
        score: (n,).
        threshold: a score from it on is a positive prediction.
        settings: bins of the calibration error.
    """
    rows = np.flatnonzero(target >= 0)
    outcomes = Outcomes(**vars(cases), target=target, score=score).take(rows)
    return replace(scored(names, outcomes, threshold, settings), rows=rows)


def is_probability(value: FloatArray) -> BoolArray:
    """Which numbers are finite and within [0, 1]."""
    return np.asarray((value >= 0) & (value <= 1))


def checked_columns(
    batch: Batch, answer: Array, names: tuple[str, ...], sums: Literal["to one", "freely"]
) -> dict[str, FloatArray]:
    """The (B,) probabilities of each label or class, by the name of the value.

    Args:
        batch: that was asked about.
        answer: (B, K).
        names: of the K labels or classes.
        sums: whether those of a sample sum to one.

    Raises:
        DataError: wrong shape, no probability, or a sum that is not 1; names the sample.
    """
    if answer.shape != (len(batch), len(names)):
        raise DataError(
            f"the model answered shape {answer.shape} for samples {batch.ids[0]}.."
            f"{batch.ids[-1]}, expected ({len(batch)}, {len(names)}); an empty or reshaped output "
            "means a broken server"
        )
    scores = answer.astype(np.float64)
    good = is_probability(scores)
    if not good.all():
        i, k = np.argwhere(~good)[0].tolist()
        raise DataError(
            f"the model answered {scores[i, k]} for '{names[k]}' of sample {batch.ids[i]}, which "
            "is no probability; check the model and its inputs before trusting any number"
        )
    away = np.abs(scores.sum(axis=1) - 1)
    if sums == "to one" and (away > TOLERANCE).any():
        i = int(away.argmax())
        raise DataError(
            f"the probabilities of the classes sum to {scores[i].sum():.4g} for sample "
            f"{batch.ids[i]}, not to 1; if the classes do not exclude each other, they are labels "
            "(task: multilabel)"
        )
    return dict(zip(score_names(names), scores.T, strict=True))
