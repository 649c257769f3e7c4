"""What the answers to a few samples show of a model: what they hold, and what looks wrong."""

from collections.abc import Iterator

import numpy as np

from audit.evidence_labels import of_classes, of_labels
from audit.held import ALIKE, ENOUGH, held, span
from audit.trial import Trial
from fairness.arrays import FloatArray, IntArray
from fairness.errors import DataError
from fairness.foreign.answers import probabilities
from fairness.foreign.description import Masks, Scores
from fairness.foreign.model_yaml import Described
from fairness.metrics.classification import auc

LIMITS = {"mask_probability": 0.5, "mask_logit": 0.0}
"""From which on a pixel belongs to the one structure."""

FEW_COLUMNS = 20
"""With more, one of them separates a few samples by chance."""


def what_was_seen(trial: Trial, said: Described) -> Iterator[str]:
    """Lines for the terminal; one that begins with `note:` is to be looked at.

    Raises:
        DataError: a reviewed description does not fit the answers; names its line.
    """
    output = said.description.output
    if isinstance(output, Masks):
        yield from _of_masks(trial, output)
        return
    n, answers = len(trial.answers), trial.columns
    if not np.isfinite(answers).all():
        wrong = int((~np.isfinite(answers).all(axis=1)).sum())
        yield (
            f"note: {wrong} of {n} answers hold nan or infinity: check normalise and dtype, "
            "and the model itself"
        )
        return
    if trial.labels is None:
        yield f"{n} samples: answers in {span(answers)}"
        return
    try:
        scores = probabilities(answers, output, n)
    except ValueError as error:
        raise DataError(f"{said.at('output', 'holds')}: '{output.name}' {error}") from None
    task = said.description.task
    if task == "multilabel":
        yield from of_labels(trial.labels, answers, scores, said)
    elif task == "multiclass":
        yield from of_classes(trial.labels, answers, scores, said.description.class_names)
    else:
        yield from _of_scores(trial.labels, answers, scores[:, 0], said)
    seems, why = held(answers.shape[1], answers, task)
    if seems == "probability" != output.holds:
        yield f"note: {why}: is 'holds' probability, not {output.holds}?"


def _of_scores(
    labels: IntArray, answers: FloatArray, score: FloatArray, said: Described
) -> Iterator[str]:
    n, output, threshold = len(labels), said.description.output, said.description.threshold
    assert isinstance(output, Scores)
    positive = int(labels.sum())
    line = f"{n} samples ({positive} positive, {n - positive} negative): answers in "
    line += f"{span(answers)}, scores in {span(score)}"
    if threshold is not None:
        line += (
            f", {int((score >= threshold).sum())} of {n} at or above the threshold {threshold:g}"
        )
    both = 0 < positive < n
    few = f" (of {n} it says little)" if n < ENOUGH else ""
    yield line + (f", AUC {auc(labels, score):.2f}{few}" if both else "")
    if n > 1 and np.ptp(score) <= ALIKE:
        yield (
            f"note: all {n} scores are alike: check normalise, colour and layout, and whether the "
            "model is trained"
        )
    elif both and auc(labels, score) < 0.5:
        count = answers.shape[1]
        swapped = "--positive names the other value of the label"
        if count == 2:
            swapped = f"then write positive: {1 - (output.positive or 0)}"
        elif count > 2:
            swapped = f"then 'positive' is another of the {count} columns"
        more = "" if n >= ENOUGH else f"; --samples {ENOUGH} says more"
        yield (
            f"note: AUC {auc(labels, score):.2f} on {n} samples: are the classes swapped? "
            f"{swapped}{more}"
        )
    if both and 2 < answers.shape[1] <= FEW_COLUMNS:
        each = [f"{k}: {auc(labels, answers[:, k]):.2f}" for k in range(answers.shape[1])]
        yield f"AUC of each column: {', '.join(each)}"


def classes_of(trial: Trial, holds: str, axis: int | None) -> dict[int, float]:
    """Class to its share of the pixels in the answers, the largest first.

    Args:
        trial: of a model that draws masks.
        holds: as the description says.
        axis: of the classes, from the end; None where there is none.
    """
    counts: dict[int, int] = {}
    for answer in trial.answers:
        drawn = answer.argmax(axis=axis) if holds == "class_scores" and axis is not None else answer
        if holds in LIMITS:
            drawn = (answer >= LIMITS[holds]).astype(np.int64)
        for number, count in zip(*np.unique(drawn, return_counts=True), strict=True):
            counts[int(number)] = counts.get(int(number), 0) + int(count)
    pixels = sum(counts.values())
    shares = {number: count / pixels for number, count in counts.items()}
    return dict(sorted(shares.items(), key=lambda pair: -pair[1]))


def in_words(shares: dict[int, float]) -> str:
    """`0 (92 %), 1 (8 %)`."""
    words = [f"{number} ({share:.1%})" for number, share in list(shares.items())[:10]]
    return ", ".join(words) + (", ..." if len(shares) > len(words) else "")


def _of_masks(trial: Trial, output: Masks) -> Iterator[str]:
    n = len(trial.answers)
    if not all(np.isfinite(answer).all() for answer in trial.answers):
        yield f"note: the answers to {n} samples hold nan or infinity: check normalise and dtype"
        return
    axis = output.layout.index("C") - len(output.layout) if "C" in output.layout else None
    shares = classes_of(trial, output.holds, axis)
    yield f"{n} samples: the masks hold the classes {in_words(shares)} of the pixels"
    if len(shares) == 1:
        yield f"note: all {n} masks are one class alone: check normalise, colour and layout"
    if unnamed := sorted(shares.keys() - set(output.classes.values())):
        yield f"note: class {unnamed[0]} came, which 'classes' does not name"
