"""Models that score several labels of one image, any of which may be unknown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from fairness.arrays import Array, BoolArray, FloatArray, IntArray
from fairness.contract import ModelSpec
from fairness.errors import DataError
from fairness.group_input import RECORDED
from fairness.outcomes import Answered, Names
from fairness.samples import Batch
from fairness.statistics.settings import Settings
from fairness.tasks.measured import Measured
from fairness.tasks.one_label import (
    TARGET,
    checked_columns,
    is_probability,
    one_label,
    score_names,
)
from fairness.tasks.over_labels import MACRO, is_shown, macro, micro
from fairness.tasks.task import Choices, Original, Tables, Task


@dataclass(frozen=True)
class MultilabelTask(Task):
    """A model that answers (B, L) float32 probabilities, one a label."""

    labels: tuple[str, ...]
    thresholds: tuple[float, ...]
    """One a label."""

    kind = "multilabel"
    datatype = "FP32"
    answers_masks = False
    of_labels = True
    tables: ClassVar[Mapping[str, Tables]] = {"macro": MACRO}
    originals: ClassVar[Mapping[str, Original]] = {}

    @classmethod
    def make(cls, choices: Choices) -> Self:
        """The task.

        Raises:
            DataError: there is no threshold.
        """
        said = choices.threshold
        if said is None:
            raise DataError("labels are judged at thresholds; give them with --threshold")
        return cls(choices.names, tuple(map(said.of, choices.names)))

    @classmethod
    def answer_shape(cls, spec: ModelSpec, image: Sequence[int]) -> list[int]:
        """One number a label."""
        return [len(spec.class_names)]

    @classmethod
    def description_fault(cls, spec: ModelSpec) -> str | None:
        """Names, a threshold, no group as an input, and a number a label and probe are needed."""
        if spec.threshold is None or not spec.class_names:
            return "has no threshold or no class_names"
        return fault_of_probes(spec)

    @classmethod
    def fingerprint(cls, answer: Array, classes: int = 3) -> FloatArray:
        """The probabilities themselves, (L,)."""
        return np.asarray(answer, dtype=np.float64)

    @property
    def names(self) -> tuple[str, ...]:
        """The labels."""
        return self.labels

    @property
    def value_names(self) -> tuple[str, ...]:
        """`score:LABEL` of each label."""
        return score_names(self.labels)

    def targets(self, labels: IntArray) -> Mapping[str, Array]:
        """`target:LABEL` of each label, None where it is unknown."""
        return {
            f"{TARGET}{name}": np.array([None if k < 0 else k for k in column.tolist()])
            for name, column in zip(self.labels, labels.T, strict=True)
        }

    def read(self, batch: Batch, answers: Mapping[str, Array]) -> Mapping[str, FloatArray]:
        """The probability (B,) of every label."""
        return checked_columns(batch, answers[RECORDED], self.labels, "freely")

    def is_possible(self, name: str, value: FloatArray) -> BoolArray:
        """Finite and within [0, 1]."""
        return is_probability(value)

    def measured(self, answered: Answered, names: Names, settings: Settings) -> list[Measured]:
        """Averages over the labels, all decisions as if of one label, then each label by itself.

        Labels of which too few people are positive or negative to be shown take no part in the
        averages and the common decisions: they would follow from them.
        """
        target = labels_of(answered, len(self.labels))
        scores = np.stack([answered.values[name] for name in self.value_names], axis=1)
        single = [
            one_label(
                answered.cases,
                replace(names, label=label),
                target[:, k],
                answered.values[value],
                self.thresholds[k],
                settings,
            )
            for k, (label, value) in enumerate(zip(self.labels, self.value_names, strict=True))
        ]
        patients = np.array(answered.cases.patients)
        shown = [k for k in range(len(self.labels)) if is_shown(target[:, k], patients, settings)]
        if len(shown) < 2:
            return single
        thresholds = np.array(self.thresholds)
        both = (target[:, shown], scores[:, shown], thresholds[shown])
        averages = macro(answered.cases, names, *both, settings)
        return [averages, micro(names, averages), *single]


def labels_of(answered: Answered, count: int) -> Array:
    """(n, L) labels of the samples.

    Raises:
        DataError: they have masks, or another number of labels.
    """
    if answered.labels is None or answered.labels.ndim != 2 or answered.labels.shape[1] != count:
        raise DataError(f"the split has no {count} labels, which the model answers for")
    return answered.labels


def fault_of_probes(spec: ModelSpec) -> str | None:
    """What is wrong with the probes, or the group as an input; None where nothing is."""
    if spec.group_input is not None:
        return "has a group_input, which models of several labels or classes cannot have"
    expected = spec.probes.expected if spec.probes is not None else ()
    if any(len(row) != len(spec.class_names) for row in expected):
        return "has probes that do not fit together"
    return None
