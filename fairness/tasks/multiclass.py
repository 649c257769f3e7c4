"""Models that choose one of several classes for an image; the classes may be steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from fairness.arrays import Array, BoolArray, FloatArray, IntArray
from fairness.contract import ModelSpec
from fairness.errors import DataError
from fairness.group_input import RECORDED
from fairness.outcomes import Answered, Names, Outcomes
from fairness.samples import Batch
from fairness.statistics.multiclass import ClassScores
from fairness.statistics.settings import Settings
from fairness.tasks.measured import Measured
from fairness.tasks.multilabel import fault_of_probes
from fairness.tasks.one_label import checked_columns, is_probability, score_names
from fairness.tasks.task import Choices, Original, Tables, Task

TABLES = Tables(
    groups={
        "accuracy": "accuracy",
        "balanced": "balanced_accuracy",
        "kappa": "quadratic_weighted_kappa",
    },
    gaps={
        "accuracy gap": "accuracy_difference",
        "balanced gap": "balanced_accuracy_difference",
        "worst balanced": "balanced_accuracy_worst",
        "kappa gap": "quadratic_weighted_kappa_difference",
        "worst kappa": "quadratic_weighted_kappa_worst",
    },
    brief=3,
)


@dataclass(frozen=True)
class MulticlassTask(Task):
    """A model that answers (B, K) float32 probabilities of classes, which sum to 1."""

    classes: tuple[str, ...]
    ordered: bool

    kind = "multiclass"
    datatype = "FP32"
    answers_masks = False
    has_threshold = False
    tables: ClassVar[Mapping[str, Tables]] = {"classes": TABLES}
    originals: ClassVar[Mapping[str, Original]] = {}

    @classmethod
    def make(cls, choices: Choices) -> Self:
        """The task; the likeliest class is the decision, so there is no threshold."""
        return cls(choices.names, choices.ordered)

    @classmethod
    def answer_shape(cls, spec: ModelSpec, image: Sequence[int]) -> list[int]:
        """One number a class."""
        return [len(spec.class_names)]

    @classmethod
    def description_fault(cls, spec: ModelSpec) -> str | None:
        """Three classes, no group as an input, and a number a class and probe are needed."""
        if len(spec.class_names) < 3:
            return "has fewer than three class_names"
        return fault_of_probes(spec)

    @classmethod
    def fingerprint(cls, answer: Array, classes: int = 3) -> FloatArray:
        """The probabilities themselves, (K,)."""
        return np.asarray(answer, dtype=np.float64)

    @property
    def names(self) -> tuple[str, ...]:
        """The classes."""
        return self.classes

    @property
    def value_names(self) -> tuple[str, ...]:
        """`score:CLASS` of each class."""
        return score_names(self.classes)

    def targets(self, labels: IntArray) -> Mapping[str, Array]:
        """The name of each sample's class."""
        return {"target": np.array(self.classes)[labels]}

    def read(self, batch: Batch, answers: Mapping[str, Array]) -> Mapping[str, FloatArray]:
        """The probability (B,) of every class."""
        return checked_columns(batch, answers[RECORDED], self.classes, "to one")

    def is_possible(self, name: str, value: FloatArray) -> BoolArray:
        """Finite and within [0, 1]."""
        return is_probability(value)

    def measured(self, answered: Answered, names: Names, settings: Settings) -> list[Measured]:
        """The decisions, means over the classes, then each class against the others."""
        if answered.labels is None or answered.labels.ndim != 1:
            raise DataError("the split has no column of classes, which the model answers")
        cases, target = answered.cases, answered.labels
        scores = np.stack([answered.values[name] for name in self.value_names], axis=1)
        decisions = ClassScores(target, scores, self.classes, self.ordered)
        means = replace(names, model=f"{names.model}, means over the classes (macro)")
        found = [
            Measured(names, cases, decisions, "classes"),
            Measured(means, cases, decisions.macro(), "macro"),
        ]
        single = decisions.one_vs_rest(settings.calibration_bins)
        for k, (label, measures) in enumerate(zip(self.classes, single, strict=True)):
            outcomes = Outcomes(**vars(cases), target=measures.positive, score=scores[:, k])
            of_class = replace(names, label=label)
            found.append(Measured(of_class, outcomes, measures, "classification", outcomes))
        return found
