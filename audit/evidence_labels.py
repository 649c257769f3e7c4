"""What the answers to a few samples show of a model of several labels, or of classes."""

from collections.abc import Iterator, Sequence

import numpy as np

from audit.held import ALIKE, ENOUGH, SUMS, span
from fairness.arrays import FloatArray, IntArray
from fairness.foreign.description import Scores
from fairness.foreign.model_yaml import Described
from fairness.metrics.classification import auc


def of_labels(
    labels: IntArray, answers: FloatArray, scores: FloatArray, said: Described
) -> Iterator[str]:
    """A line on all answers, then one a label, with notes on what looks wrong.

    Args:
        labels: (n, L) 1 or 0, -1 where unknown.
        answers: (n, K) as they came.
        scores: (n, L) probabilities.
        said: the description.
    """
    output, n = said.description.output, len(answers)
    assert isinstance(output, Scores)
    few = f"; an AUC of {n} says little" if n < ENOUGH else ""
    yield f"{n} samples, {labels.shape[1]} labels: answers in {span(answers)}{few}"
    for k, (name, column) in enumerate((output.labels or {}).items()):
        known, score = labels[:, k] >= 0, scores[:, k]
        yield from _of_label(name, column, labels[known, k], (score, score[known]), said)
        both = 0 < labels[known, k].sum() < known.sum()
        if both and auc(labels[known, k], score[known]) < 0.5:
            yield _swapped(name, labels[known, k], answers[known], column)


def _of_label(
    name: str,
    column: int,
    truth: IntArray,
    scores: tuple[FloatArray, FloatArray],
    said: Described,
) -> Iterator[str]:
    score, known = scores
    threshold = said.description.spec().threshold
    positive = int(truth.sum())
    line = f"  {name} (column {column}): {positive} positive, {len(truth) - positive} negative, "
    line += f"scores in {span(score)}"
    if threshold is not None:
        cut = threshold.of(name)
        line += f", {int((score >= cut).sum())} of {len(score)} at or above {cut:g}"
    yield line + (f", AUC {auc(truth, known):.2f}" if 0 < positive < len(truth) else "")
    if len(score) > 1 and np.ptp(score) <= ALIKE:
        yield f"note: all {len(score)} scores of {name} are alike: is its column another?"


def _swapped(name: str, truth: IntArray, answers: FloatArray, column: int) -> str:
    """A note on a label whose own column orders it wrongly, with the column that does best."""
    each = [auc(truth, answers[:, k]) for k in range(answers.shape[1])]
    best = int(np.argmax(each))
    better = each[best] > each[column]
    other = f"column {best} has {each[best]:.2f}" if better else "no column has more"
    more = "" if len(truth) >= ENOUGH else f"; --samples {ENOUGH} says more"
    return (
        f"note: {name}: AUC {each[column]:.2f} on {len(truth)} samples: are columns swapped? "
        f"{other}{more}"
    )


def of_classes(
    truth: IntArray, answers: FloatArray, scores: FloatArray, names: Sequence[str]
) -> Iterator[str]:
    """A line on the answers and the decisions, with notes on what looks wrong.

    Args:
        truth: (n,) numbers of classes.
        answers: (n, K) as they came.
        scores: (n, K) probabilities.
        names: of the classes.
    """
    n, decided = len(truth), scores.argmax(axis=1)
    right = int((decided == truth).sum())
    sums = "rows sum" if np.abs(answers.sum(axis=1) - 1).max() <= SUMS else "rows do not sum"
    there = [int((truth == k).sum()) for k in range(len(names))]
    each = ", ".join(f"{name} {k}" for name, k in zip(names, there, strict=True) if k)
    usual = max(there) / n
    yield (
        f"{n} samples ({each}): answers in {span(answers)}, {sums} to 1, {right} of {n} right "
        f"(accuracy {right / n:.2f}; always the commonest class: {usual:.2f})"
    )
    if n > 1 and np.ptp(scores, axis=0).max() <= ALIKE:
        yield f"note: all {n} answers are alike: check normalise, colour and layout"
    elif n > 1 and len(set(decided.tolist())) == 1:
        yield f"note: all {n} decisions are '{names[decided[0]]}': check normalise and the model"
    elif right / n < 1 / len(names):
        more = "" if n >= ENOUGH else f"; --samples {ENOUGH} says more"
        yield (
            f"note: {right} of {n} right is less than chance: is the order of 'classes' "
            f"another?{more}"
        )
