"""Binary classifiers: a probability of the positive class, judged at a threshold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from fairness.arrays import Array, BoolArray, FloatArray
from fairness.compat.fairclip import compat_fairclip
from fairness.compat.fairfedmed import compat_fairfedmed
from fairness.contract import GroupInput, ModelSpec
from fairness.errors import DataError
from fairness.group_input import RECORDED, WITHHELD, as_group, ways_of
from fairness.outcomes import Answered, Names, Outcomes
from fairness.samples import Batch
from fairness.statistics.binary import BinaryScores
from fairness.statistics.settings import Settings
from fairness.tasks.counterfactual import COUNTERFACTUAL, counterfactual
from fairness.tasks.measured import Measured
from fairness.tasks.task import Choices, Original, Tables, Task

SCORE = "score"
"""Name of the probability that is read from an answer to the recorded group."""

NEED_PROBABILITIES = (
    "brier_score",
    "calibration_slope",
    "calibration_intercept",
    "calibration_error",
)

TABLES = Tables(
    groups={
        "AUC": "auc",
        "selected": "selection_rate",
        "TPR": "true_positive_rate",
        "FPR": "false_positive_rate",
        "PPV": "positive_predictive_value",
        "Brier": "brier_score",
    },
    gaps={
        "ES-AUC": "es_auc",
        "worst AUC": "auc_worst",
        "AUC gap": "auc_difference",
        "DPD": "demographic_parity_difference",
        "EOD": "equalized_odds_difference",
    },
    brief=4,
)


@dataclass(frozen=True)
class BinaryTask(Task):
    """A model that answers (B, 1) float32 probabilities in [0, 1]."""

    threshold: float
    takes: GroupInput | None = None

    kind = "classification"
    datatype = "FP32"
    answers_masks = False
    tables: ClassVar[Mapping[str, Tables]] = {
        "classification": TABLES,
        "counterfactual": COUNTERFACTUAL,
    }
    originals: ClassVar[Mapping[str, Original]] = {
        "fairclip": lambda answered, least: compat_fairclip(outcomes_of(answered), least),
        "fairfedmed": lambda answered, least: compat_fairfedmed(outcomes_of(answered), least),
    }

    @classmethod
    def make(cls, choices: Choices) -> Self:
        """The task.

        Raises:
            DataError: there is no threshold.
        """
        if choices.threshold is None:
            raise DataError("a classifier is judged at a threshold; give one with --threshold")
        return cls(choices.threshold.value, choices.takes)

    @classmethod
    def answer_shape(cls, spec: ModelSpec, image: Sequence[int]) -> list[int]:
        """One number."""
        return [1]

    @classmethod
    def description_fault(cls, spec: ModelSpec) -> str | None:
        """Two classes, a threshold, and one expected number a probe are needed."""
        if spec.threshold is None or len(spec.class_names) != 2:
            return "has no threshold or not two class_names"
        if spec.probes is not None and any(len(row) != 1 for row in spec.probes.expected):
            return "has probes that do not fit together"
        return None

    @classmethod
    def fingerprint(cls, answer: Array, classes: int = 3) -> FloatArray:
        """The probability itself, (1,)."""
        return np.asarray(answer, dtype=np.float64)

    @property
    def value_names(self) -> tuple[str, ...]:
        """`score`, and of a model that takes the group one more for each other way of asking."""
        return tuple(map(value_name, ways_of(self.takes)))

    @property
    def stored(self) -> tuple[str, ...]:
        """`score`."""
        return (SCORE,)

    def read(self, batch: Batch, answers: Mapping[str, Array]) -> Mapping[str, FloatArray]:
        """The probability (B,) of every way of asking."""
        return {value_name(way): checked(batch, answer) for way, answer in answers.items()}

    def is_possible(self, name: str, value: FloatArray) -> BoolArray:
        """Finite and within [0, 1]."""
        return np.asarray((value >= 0) & (value <= 1))

    def measured(self, answered: Answered, names: Names, settings: Settings) -> list[Measured]:
        """Scores with the recorded group; without it, and moved by it, where the model takes it."""
        recorded = self._scored(answered, SCORE, names, settings)
        if self.takes is None:
            return [recorded]
        withheld = replace(names, model=f"{names.model}, group withheld")
        every = replace(names, model=f"{names.model}, every group in turn")
        scores = np.stack([answered.values[as_group(group)] for group in self.takes.groups])
        moved = counterfactual(scores, self.threshold)
        return [
            recorded,
            self._scored(answered, WITHHELD, withheld, settings),
            Measured(every, answered.cases, moved, "counterfactual"),
        ]

    def _scored(self, answered: Answered, value: str, names: Names, settings: Settings) -> Measured:
        return scored(names, outcomes_of(answered, value), self.threshold, settings)


def scored(names: Names, outcomes: Outcomes, threshold: float, settings: Settings) -> Measured:
    """Everything that a binary score has; without calibration where it is no probability."""
    bins = settings.calibration_bins
    measures = BinaryScores(outcomes.target, outcomes.score, threshold, bins)
    if ((outcomes.score >= 0) & (outcomes.score <= 1)).all():
        return Measured(names, outcomes, measures, BinaryTask.kind, probabilities=outcomes)
    reasons = dict.fromkeys(NEED_PROBABILITIES, "the scores are no probabilities")
    return Measured(names, outcomes, measures, BinaryTask.kind, meaningless=reasons)


def value_name(way: str) -> str:
    """Name of the number that is read from the answer to a way of asking."""
    return SCORE if way == RECORDED else way


def probabilities(batch: Batch, answers: Mapping[str, Array]) -> dict[str, FloatArray]:
    """`score`, the (B,) probabilities of a classifier that is asked in one way.

    Raises:
        DataError: wrong shape, not finite, or outside [0, 1]; names the first sample concerned.
    """
    return {SCORE: checked(batch, answers[RECORDED])}


def checked(batch: Batch, answer: Array) -> FloatArray:
    """The (B,) probabilities of an answer (B, 1).

    Raises:
        DataError: wrong shape, not finite, or outside [0, 1]; names the first sample concerned.
    """
    if answer.shape != (len(batch), 1):
        raise DataError(
            f"the model answered shape {answer.shape} for samples {batch.ids[0]}.."
            f"{batch.ids[-1]}, expected ({len(batch)}, 1); an empty or reshaped output means a "
            "broken server"
        )
    scores = answer[:, 0].astype(np.float64)
    good = (scores >= 0) & (scores <= 1)  # NaN is neither
    if not good.all():
        i = int(good.argmin())
        raise DataError(
            f"the model answered {scores[i]} for sample {batch.ids[i]}, which is no probability; "
            "check the model and its inputs before trusting any number"
        )
    return scores


def outcomes_of(answered: Answered, value: str = SCORE) -> Outcomes:
    """Labels and scores of a classifier.

    Raises:
        DataError: the samples have masks, or several labels, in place of one label.
    """
    if answered.labels is None:
        raise DataError("the split holds masks, the model answers probabilities; name other --data")
    if answered.labels.ndim != 1 or value not in answered.values:
        raise DataError("these are answers about several labels; one label is needed here")
    score = answered.values[value]
    return Outcomes(**vars(answered.cases), target=answered.labels, score=score)
