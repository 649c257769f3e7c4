"""The one evaluation path: samples x predictor x reading > outcomes > report.

Training hands in a torch predictor, the audit one that asks Triton, tests one on ONNX Runtime;
everything after the predictor is the same code (decision 2 of docs/decisions.md).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

import numpy as np

from fairness.arrays import Array, FloatArray
from fairness.attributes import Attribute
from fairness.errors import DataError
from fairness.outcomes import CaseOutcomes, Cases, Outcomes
from fairness.samples import Batch, Sample, batched

Predict: TypeAlias = Callable[[Iterable[Batch]], Iterator[tuple[Batch, Array]]]
"""Turns a stream of batches into a stream of (batch, answer); in any order, ids restore it."""


Reading: TypeAlias = Callable[[Batch, Array], Mapping[str, FloatArray]]
"""What is kept of the answer (B, ...) to a batch: numbers (B,) by name, NaN where undefined."""

SCORE = "score"
"""Name of the probability that a classifier answers."""


@dataclass(frozen=True)
class Scored:
    """One answered sample: what the journal keeps and the statistics need, never its image."""

    id: str
    patient: str
    target: int | None
    """0 or 1; None where the reference is a mask."""
    values: Mapping[str, float]
    """What was read from the answer."""
    attributes: Mapping[str, int]
    covariates: Mapping[str, float]


def evaluate(
    samples: Iterable[Sample],
    predict: Predict,
    attributes: tuple[Attribute, ...],
    batch_size: int = 32,
) -> Outcomes:
    """Score every sample with a classifier; the outcomes in the order of their ids.

    Raises:
        DataError: an answer has the wrong shape, is not finite, or lies outside [0, 1].
    """
    rows = score(batched(samples, batch_size), predict, probabilities)
    return to_outcomes(chain.from_iterable(rows), attributes)


def score(batches: Iterable[Batch], predict: Predict, reading: Reading) -> Iterator[list[Scored]]:
    """Answer batches and yield one checked list of rows for each, as the answers come."""
    for batch, answer in predict(batches):
        values = reading(batch, answer)
        yield [
            Scored(
                id=batch.ids[i],
                patient=batch.patients[i],
                target=int(batch.targets[i]) if batch.targets.ndim == 1 else None,
                values={name: float(column[i]) for name, column in values.items()},
                attributes={name: int(codes[i]) for name, codes in batch.attributes.items()},
                covariates={name: float(v[i]) for name, v in batch.covariates.items()},
            )
            for i in range(len(batch))
        ]


def probabilities(batch: Batch, answer: Array) -> dict[str, FloatArray]:
    """`score`, the (B,) probabilities of a (B, 1) answer.

    Raises:
        DataError: wrong shape, not finite, or outside [0, 1]; names the first sample concerned.
    """
    return {SCORE: checked(batch, answer, 1)[:, 0]}


def checked(batch: Batch, answer: Array, columns: int) -> FloatArray:
    """The (B, columns) probabilities of an answer.

    Raises:
        DataError: wrong shape, not finite, or outside [0, 1]; names the first sample concerned.
    """
    first, last = batch.ids[0], batch.ids[-1]
    if answer.shape != (len(batch), columns):
        raise DataError(
            f"the model answered shape {answer.shape} for samples {first}..{last}, "
            f"expected ({len(batch)}, {columns}); an empty or reshaped output means a broken server"
        )
    scores = answer.astype(np.float64)
    bad = ~np.isfinite(scores) | (scores < 0) | (scores > 1)
    if bad.any():
        i, j = np.argwhere(bad)[0]
        raise DataError(
            f"the model answered {scores[i, j]} for sample {batch.ids[i]}, which is no "
            "probability; check the model and its inputs before trusting any number"
        )
    return scores


def to_outcomes(
    rows: Iterable[Scored], attributes: tuple[Attribute, ...], column: str = SCORE
) -> Outcomes:
    """The outcomes of a classifier, sorted by id, keeping the given attributes.

    Args:
        rows: every one has a target.
        attributes: whose groups are kept.
        column: which of the values is the score.

    Raises:
        DataError: there is no row at all, or one without a label.
    """
    ordered = in_order(rows)
    if any(row.target is None for row in ordered):
        raise DataError("the split holds masks, the model answers probabilities; name other --data")
    return Outcomes(
        **vars(cases_of(ordered, attributes)),
        target=np.array([row.target for row in ordered], dtype=np.int64),
        score=np.array([row.values[column] for row in ordered], dtype=np.float64),
    )


def to_case_outcomes(rows: Iterable[Scored], attributes: tuple[Attribute, ...]) -> CaseOutcomes:
    """All values of every row as scores of its case, sorted by id.

    Raises:
        DataError: there is no row at all.
    """
    ordered = in_order(rows)
    return CaseOutcomes(
        **vars(cases_of(ordered, attributes)),
        scores={
            name: np.array([row.values[name] for row in ordered], dtype=np.float64)
            for name in ordered[0].values
        },
    )


def in_order(rows: Iterable[Scored]) -> list[Scored]:
    """The rows by ascending id.

    Raises:
        DataError: there is none.
    """
    ordered = sorted(rows, key=lambda row: row.id)
    if not ordered:
        raise DataError("no sample was scored: every one was skipped, or the split is empty")
    return ordered


def cases_of(rows: Sequence[Scored], attributes: tuple[Attribute, ...]) -> Cases:
    """Whom the rows belong to, as columns."""
    return Cases(
        ids=tuple(row.id for row in rows),
        patients=tuple(row.patient for row in rows),
        attributes=attributes,
        codes={
            a.name: np.array([row.attributes[a.name] for row in rows], dtype=np.int64)
            for a in attributes
        },
        covariates={
            name: np.array([row.covariates[name] for row in rows], dtype=np.float64)
            for name in rows[0].covariates
        },
    )
