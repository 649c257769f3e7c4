"""Models that draw optic disc and cup: a class mask at native size, scored case by case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from fairness.arrays import Array, BoolArray, FloatArray, Image
from fairness.compat.compared import Compared
from fairness.compat.fairseg import compat_fairseg
from fairness.contract import ModelSpec
from fairness.errors import DataError
from fairness.group_input import RECORDED
from fairness.mask_scores import NAMES, OF_SURFACE, empty_counts, mask_measures, score_masks
from fairness.outcomes import Answered, Names
from fairness.samples import Batch
from fairness.statistics.settings import Settings
from fairness.tasks.measured import Measured
from fairness.tasks.task import Choices, Original, Tables, Task

FIELDS = 4
"""Fields along a side into which a mask is divided to be recognised by a probe."""

TABLES = Tables(
    groups={
        "rim Dice": "rim_dice",
        "cup Dice": "cup_dice",
        "disc Dice": "disc_dice",
        "rim < 0.5": "rim_dice_tail",
        "cup < 0.5": "cup_dice_tail",
        "rim IoU": "rim_iou",
        "cup IoU": "cup_iou",
        "rim HD95": "rim_hd95",
        "cup HD95": "cup_hd95",
        "CDR error": "vertical_cdr_error",
        "rim missed": "rim_missed",
        "cup missed": "cup_missed",
    },
    gaps={
        "ES rim Dice": "es_rim_dice",
        "ES cup Dice": "es_cup_dice",
        "ES disc Dice": "es_disc_dice",
        "worst rim Dice": "rim_dice_worst",
        "worst cup Dice": "cup_dice_worst",
        "rim Dice gap": "rim_dice_difference",
        "cup Dice gap": "cup_dice_difference",
        "ES rim IoU": "es_rim_iou",
        "ES cup IoU": "es_cup_iou",
    },
    brief=5,
)


def compared(answered: Answered, least: int) -> Sequence[Compared]:
    """The original FairSeg evaluation of the same masks."""
    cases, patients = answered.cases, np.array(answered.cases.patients)
    return compat_fairseg(answered.values, cases.attributes, cases.codes, patients, least)


@dataclass(frozen=True)
class MaskTask(Task):
    """A model that answers (B, H, W) uint8 masks: 0 background, 1 rim, 2 cup."""

    distances: bool = True
    """Also the distances between surfaces, which take most of the time."""

    kind = "segmentation"
    datatype = "UINT8"
    answers_masks = True
    has_threshold = False
    tables: ClassVar[Mapping[str, Tables]] = {"segmentation": TABLES}
    originals: ClassVar[Mapping[str, Original]] = {"fairseg": compared}

    @classmethod
    def make(cls, choices: Choices) -> Self:
        """The task; masks have no threshold."""
        return cls(choices.distances)

    @classmethod
    def answer_shape(cls, spec: ModelSpec, image: Sequence[int]) -> list[int]:
        """As large as the image."""
        return list(image)

    @classmethod
    def description_fault(cls, spec: ModelSpec) -> str | None:
        """Each probe needs the shares of rim and cup in every field."""
        expected = spec.probes.expected if spec.probes is not None else ()
        if any(len(row) != 2 * FIELDS**2 for row in expected):
            return "has probes that do not fit together"
        return None

    @classmethod
    def fingerprint(cls, answer: Array) -> FloatArray:
        """Shares of rim and cup in each of 4 x 4 fields, which one pixel at an edge hardly moves.

        Args:
            answer: (H, W) uint8.
        """
        fields = [
            field
            for rows in np.array_split(answer, FIELDS)
            for field in np.array_split(rows, FIELDS, axis=1)
        ]
        return np.array([(field == label).mean() for field in fields for label in (1, 2)])

    @property
    def value_names(self) -> tuple[str, ...]:
        """Scores of `fairness/mask_scores.py`, with or without distances."""
        return tuple(n for n in NAMES if self.distances or not n.endswith(OF_SURFACE))

    def read(self, batch: Batch, answers: Mapping[str, Array]) -> Mapping[str, FloatArray]:
        """Scores (B,) of the masks, by name."""
        answer = checked(batch, answers[RECORDED])
        return score_masks(answer, batch.targets, self.distances)

    def is_possible(self, name: str, value: FloatArray) -> BoolArray:
        """Undefined, or a distance of 0 or more; every other score lies within [0, 1]."""
        most = np.inf if name.endswith(("hd95", "asd")) else 1.0
        within = (value >= 0) & (value <= most) & np.isfinite(value)
        return np.asarray(within | np.isnan(value))

    def measured(self, answered: Answered, names: Names, settings: Settings) -> list[Measured]:
        """Scores of the masks, one table."""
        return [Measured(names, answered.cases, mask_measures(answered.values), self.kind)]

    def notes(self, answered: Answered) -> Mapping[str, object]:
        """How many cases miss, invent or rightly lack each structure."""
        return {"empty_masks": empty_counts(answered.values)}

    def quality(self, answered: Answered) -> FloatArray | None:
        """Mean Dice of rim and cup."""
        values: FloatArray = (answered.values["rim_dice"] + answered.values["cup_dice"]) / 2
        return values


def checked(batch: Batch, answer: Array) -> Image:
    """The masks of an answer.

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
    return answer
