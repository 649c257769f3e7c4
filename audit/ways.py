"""The ways in which a model is asked about one sample, and what is read from its answers.

A model that takes the group as an input is asked with the recorded group, with the group withheld,
and once as if the sample belonged to each group: what changes with the group alone is unfair in the
plainest sense (counterfactual).
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from fairness.arrays import Array, FloatArray, IntArray
from fairness.attributes import UNKNOWN, Attribute
from fairness.contract import GroupInput, ModelSpec
from fairness.datasets.reader import Split
from fairness.errors import DataError
from fairness.evaluate import SCORE, Reading, Scored, checked, probabilities, to_outcomes
from fairness.mask_scores import score_masks
from fairness.outcomes import CaseOutcomes, Outcomes
from fairness.samples import Batch
from fairness.statistics.case_scores import CaseScore, CaseScores

Way: TypeAlias = Callable[[Batch], IntArray | None]
"""The group codes (B,) to send with a batch; None where the model takes none."""

WITHHELD = "withheld"
AS_GROUP = "as "
"""Prefix of the score that a sample gets when it is asked as a member of a group."""


def ways_of(spec: ModelSpec) -> tuple[Way, ...]:
    """How the model is asked; one column of the answer for each."""
    takes = spec.group_input
    if takes is None:
        return (lambda batch: None,)
    name = takes.attribute
    ways: list[Way] = [lambda batch: batch.attributes[name], lambda batch: same(batch, UNKNOWN)]
    ways += [lambda batch, g=g: same(batch, g) for g in range(len(takes.groups))]  # type: ignore[misc]  # mypy cannot type a default
    return tuple(ways)


def same(batch: Batch, code: int) -> IntArray:
    """One group code for every sample."""
    return np.full(len(batch), code, dtype=np.int64)


def columns_of(takes: GroupInput) -> list[str]:
    """What the answers of `ways_of` are called, in order."""
    return [SCORE, WITHHELD, *(f"{AS_GROUP}{group}" for group in takes.groups)]


def reading_of(spec: ModelSpec, surface: bool) -> Reading:
    """What is kept of an answer: probabilities, or scores of masks.

    Args:
        spec: of the model.
        surface: of masks, also the distances between surfaces.
    """
    if spec.task == "segmentation":
        return lambda batch, answer: of_masks(batch, answer, surface)
    takes = spec.group_input
    if takes is None:
        return probabilities
    names = columns_of(takes)

    def of_ways(batch: Batch, answer: Array) -> dict[str, FloatArray]:
        return dict(zip(names, checked(batch, answer, len(names)).T, strict=True))

    return of_ways


def of_masks(batch: Batch, answer: Array, surface: bool) -> dict[str, FloatArray]:
    """Scores (B,) of masks (B, H, W), by name.

    Raises:
        DataError: an answer is no mask of the size of its image; names the first sample concerned.
    """
    if answer.shape != batch.targets.shape:
        raise DataError(
            f"the model answered shape {answer.shape} for samples {batch.ids[0]}..{batch.ids[-1]}, "
            f"whose masks have shape {batch.targets.shape}; an empty or reshaped output means a "
            "broken server"
        )
    if answer.max() > 2:
        i = int((answer > 2).any((1, 2)).argmax())
        raise DataError(
            f"the model answered class {answer[i].max()} for sample {batch.ids[i]}, known are "
            "0 background, 1 rim, 2 cup; check the model before trusting any number"
        )
    return score_masks(answer, batch.targets, surface)


def check_groups(spec: ModelSpec, split: Split) -> None:
    """Refuse data whose groups are not those that the model takes as an input.

    Raises:
        DataError: the attribute is absent, or has other groups.
    """
    takes = spec.group_input
    if takes is None:
        return
    found = {a.name: a.groups for a in split.attributes}.get(takes.attribute)
    if found != takes.groups:
        raise DataError(
            f"{split.root}: {takes.attribute} has the groups {found}, the model was trained for "
            f"{takes.groups}; audit it on data that are coded as its training data"
        )


def counterfactual(
    rows: list[Scored], takes: GroupInput, attributes: tuple[Attribute, ...], threshold: float
) -> tuple[CaseOutcomes, CaseScores]:
    """How far the group alone moves each sample's score, and whether it changes the decision."""
    outcomes = [to_outcomes(rows, attributes, f"{AS_GROUP}{group}").score for group in takes.groups]
    scores = np.stack(outcomes)  # (G, n)
    decisions = scores >= threshold
    columns = {
        "counterfactual_spread": np.ptp(scores, axis=0),
        "counterfactual_flip": (decisions.any(0) & ~decisions.all(0)).astype(np.float64),
    }
    first: Outcomes = to_outcomes(rows, attributes)
    cases = CaseOutcomes(
        ids=first.ids,
        patients=first.patients,
        attributes=first.attributes,
        codes=first.codes,
        covariates=first.covariates,
        scores=columns,
    )
    spread, flip = columns.values()
    return cases, CaseScores(
        (
            CaseScore("counterfactual_spread", spread, larger_is_better=False),
            CaseScore("counterfactual_flip", flip, "share", larger_is_better=False),
        )
    )
