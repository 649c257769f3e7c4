"""The one evaluation path: samples x predictor > outcomes > report.

Training hands in a torch predictor, the audit one that asks Triton, tests one on ONNX Runtime;
everything after the predictor is the same code (decision 2 of docs/decisions.md).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

import numpy as np

from fairness.arrays import Array, FloatArray
from fairness.attributes import Attribute
from fairness.errors import DataError
from fairness.outcomes import Outcomes
from fairness.samples import Batch, Sample, batched

Predict: TypeAlias = Callable[[Iterable[Batch]], Iterator[tuple[Batch, Array]]]
"""Turns a stream of batches into a stream of (batch, answer); in any order, ids restore it."""


@dataclass(frozen=True)
class Scored:
    """One answered sample: what the journal keeps and the statistics need, never its image."""

    id: str
    patient: str
    target: int
    score: float
    attributes: Mapping[str, int]
    covariates: Mapping[str, float]


def evaluate(
    samples: Iterable[Sample],
    predict: Predict,
    attributes: tuple[Attribute, ...],
    batch_size: int = 32,
) -> Outcomes:
    """Score every sample and return the outcomes in the order of their ids.

    Raises:
        DataError: an answer has the wrong shape, is not finite, or lies outside [0, 1].
    """
    rows = score(batched(samples, batch_size), predict)
    return to_outcomes(chain.from_iterable(rows), attributes)


def score(batches: Iterable[Batch], predict: Predict) -> Iterator[list[Scored]]:
    """Answer batches and yield one checked list of rows for each, as the answers come."""
    for batch, answer in predict(batches):
        scores = checked_scores(answer, batch)
        yield [
            Scored(
                id=batch.ids[i],
                patient=batch.patients[i],
                target=int(batch.targets[i]),
                score=float(scores[i]),
                attributes={name: int(codes[i]) for name, codes in batch.attributes.items()},
                covariates={name: float(v[i]) for name, v in batch.covariates.items()},
            )
            for i in range(len(batch))
        ]


def checked_scores(answer: Array, batch: Batch) -> FloatArray:
    """The (B,) probabilities of a (B, 1) answer.

    Raises:
        DataError: wrong shape, not finite, or outside [0, 1]; names the first sample concerned.
    """
    first, last = batch.ids[0], batch.ids[-1]
    if answer.shape != (len(batch), 1):
        raise DataError(
            f"the model answered shape {answer.shape} for samples {first}..{last}, "
            f"expected ({len(batch)}, 1); an empty or reshaped output means a broken server"
        )
    scores = answer[:, 0].astype(np.float64)
    bad = ~np.isfinite(scores) | (scores < 0) | (scores > 1)
    if bad.any():
        i = int(np.argmax(bad))
        raise DataError(
            f"the model answered {scores[i]} for sample {batch.ids[i]}, which is no probability; "
            "check the model and its inputs before trusting any number"
        )
    return scores


def to_outcomes(rows: Iterable[Scored], attributes: tuple[Attribute, ...]) -> Outcomes:
    """Columns from rows, sorted by id, keeping the given attributes.

    Raises:
        DataError: there is no row at all.
    """
    ordered = sorted(rows, key=lambda row: row.id)
    if not ordered:
        raise DataError("no sample was scored: every one was skipped, or the split is empty")
    return Outcomes(
        ids=tuple(row.id for row in ordered),
        patients=tuple(row.patient for row in ordered),
        target=np.array([row.target for row in ordered], dtype=np.int64),
        score=np.array([row.score for row in ordered], dtype=np.float64),
        attributes=attributes,
        codes={
            a.name: np.array([row.attributes[a.name] for row in ordered], dtype=np.int64)
            for a in attributes
        },
        covariates={
            name: np.array([row.covariates[name] for row in ordered], dtype=np.float64)
            for name in ordered[0].covariates
        },
    )
