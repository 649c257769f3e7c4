"""Interface of a task: answers, readings, measures and tables of one kind of model."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self, TypeAlias

from fairness.arrays import Array, FloatArray, IntArray
from fairness.compat.compared import Compared
from fairness.contract import GroupInput, ModelSpec, Threshold
from fairness.datasets.reader import Split
from fairness.outcomes import Answered, Names
from fairness.samples import Batch
from fairness.statistics.settings import Settings
from fairness.tasks.measured import Measured

Original: TypeAlias = Callable[[Answered, int], Sequence[Compared]]
"""A paper's own evaluation; numbers of fewer people than the given number are hidden."""


@dataclass(frozen=True)
class Tables:
    """Numbers of a report that people see: label to metric."""

    groups: Mapping[str, str]
    """Of each group."""
    gaps: Mapping[str, str]
    """Over the groups of an attribute."""
    brief: int
    """So many of `groups` fit on a terminal; the first with its interval."""


@dataclass(frozen=True)
class Choices:
    """What one run, or one model, says of its task; each task takes what concerns it."""

    threshold: Threshold | None = None
    """A score from it on is a positive prediction; None where there is none."""
    takes: GroupInput | None = None
    """The group as an input of the model."""
    distances: bool = True
    """Of masks, also the distances between surfaces."""
    names: tuple[str, ...] = ()
    """Of several labels, or of classes in the order of their numbers."""
    ordered: bool = False
    """Whether the classes are steps, the mildest first."""


class Task(ABC):
    """A kind of model with the choices of one run; one file in `fairness/tasks` each."""

    kind: ClassVar[str]
    """As the self-description calls it."""
    datatype: ClassVar[str]
    """Of the output, by Triton's names."""
    answers_masks: ClassVar[bool]
    """Whether an answer is a mask: there is no threshold, and cases can be drawn."""
    has_threshold: ClassVar[bool] = True
    """Whether a score is judged at one."""
    of_labels: ClassVar[bool] = False
    """Whether it answers for several labels, each of which may be unknown."""
    tables: ClassVar[Mapping[str, Tables]]
    """Tables of its reports by `Measured.kind`."""
    originals: ClassVar[Mapping[str, Original]]
    """Original evaluations of this kind by the paper's name."""

    @classmethod
    @abstractmethod
    def make(cls, choices: Choices) -> Self:
        """The task with the choices that concern it.

        Raises:
            DataError: one that it needs is not there.
        """

    def fitted(self, spec: ModelSpec, split: Split) -> Self:
        """The task with what the model's description and the data add to it; most add nothing.

        Raises:
            DataError: the data cannot be used.
        """
        return self

    def holding(self, answered: Answered) -> Self:
        """The task for values that a file holds; most tasks know their names before."""
        return self

    @classmethod
    @abstractmethod
    def answer_shape(cls, spec: ModelSpec, image: Sequence[int]) -> list[int]:
        """The shape of the answer to one image (H, W) or (D, H, W); -1 is any size."""

    @classmethod
    @abstractmethod
    def description_fault(cls, spec: ModelSpec) -> str | None:
        """What a self-description of this kind lacks; None where it is complete."""

    @classmethod
    @abstractmethod
    def fingerprint(cls, answer: Array, classes: int = 3) -> FloatArray:
        """The vector (k,) that a probe compares of the answer to one image.

        Args:
            answer: to one image.
            classes: names in the description's `class_names`.
        """

    @property
    def names(self) -> tuple[str, ...]:
        """Of several labels, or of classes; none where there is one label or a mask."""
        return ()

    @property
    @abstractmethod
    def value_names(self) -> tuple[str, ...]:
        """Names of the numbers that are read from an answer."""

    @property
    def stored(self) -> tuple[str, ...]:
        """Those of them that `records/outcomes.parquet` holds."""
        return self.value_names

    def targets(self, labels: IntArray) -> Mapping[str, Array]:
        """What that file says of the labels of the samples: name of a column to its values."""
        return {"target": labels}

    @abstractmethod
    def read(self, batch: Batch, answers: Mapping[str, Array]) -> Mapping[str, FloatArray]:
        """Read numbers (B,) by name from the answers of each way of asking.

        Raises:
            DataError: an answer is not what it must be; names the first sample concerned.
        """

    @abstractmethod
    def is_possible(self, name: str, value: FloatArray) -> Array:
        """Which numbers (n,) of that name such a model can have given; checked when read again."""

    @abstractmethod
    def measured(self, answered: Answered, names: Names, settings: Settings) -> list[Measured]:
        """What is measured of the readings; the first is what a policy judges."""

    def notes(self, answered: Answered) -> Mapping[str, object]:
        """What the provenance says beside the measures."""
        return {}

    def quality(self, answered: Answered) -> FloatArray | None:
        """(n,) by which the worst cases are chosen to be drawn; None where none can be drawn."""
        return None
