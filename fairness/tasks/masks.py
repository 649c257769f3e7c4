"""Models that draw structures: a class mask at native size, scored case by case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from fairness.arrays import Array, BoolArray, FloatArray, Image
from fairness.compat.compared import Compared
from fairness.compat.fairseg import compat_fairseg
from fairness.contract import ModelSpec
from fairness.datasets.reader import Split
from fairness.datasets.table_spacing import SPACING
from fairness.errors import DataError, UsageError
from fairness.group_input import RECORDED
from fairness.mask_names import (
    NAMES,
    OF_COUNTS,
    is_in_mm,
    metric_of,
    names_of,
    scores_in,
    structures_in,
)
from fairness.mask_scores import TOLERANCE, TOLERANCE_MM, empty_counts, mask_measures, score_masks
from fairness.metrics.segmentation import Spacing
from fairness.outcomes import Answered, Names
from fairness.samples import Batch
from fairness.statistics.settings import Settings
from fairness.structures import EYE, Structures, structures_of
from fairness.tasks.mask_tables import mask_tables
from fairness.tasks.measured import Measured
from fairness.tasks.task import Choices, Original, Tables, Task

FIELDS = 4
"""Fields along a side into which a mask is divided to be recognised by a probe."""


def compared(answered: Answered, least: int) -> Sequence[Compared]:
    """The original FairSeg evaluation of the same masks.

    Raises:
        UsageError: they are of other structures than rim and cup, or lack what it needs.
    """
    needed = [f"{s}_{m}" for s in EYE.names for m in OF_COUNTS]
    if lacking := [name for name in needed if name not in answered.values]:
        there = ", ".join(structures_in(answered.values)) or "none"
        raise UsageError(
            f"--compat fairseg evaluates rim and cup, and needs {lacking[0]}; these masks have the "
            f"structures {there}; leave it out"
        )
    cases, patients = answered.cases, np.array(answered.cases.patients)
    return compat_fairseg(answered.values, cases.attributes, cases.codes, patients, least)


@dataclass(frozen=True)
class MaskTask(Task):
    """A model that answers (B, H, W) uint8 masks: 0 background, then one class a structure."""

    distances: bool = True
    """Also the distances between surfaces, which take most of the time."""
    structures: Structures = EYE
    spacing: Mapping[str, Spacing] | None = None
    """Sample to the size of a pixel in mm; None: distances are in pixels."""
    columns: tuple[str, ...] | None = None
    """Names of the scores, where they come from a file."""

    kind = "segmentation"
    datatype = "UINT8"
    answers_masks = True
    has_threshold = False
    tables: ClassVar[Mapping[str, Tables]] = {"segmentation": mask_tables(NAMES)}
    originals: ClassVar[Mapping[str, Original]] = {"fairseg": compared}

    @classmethod
    def make(cls, choices: Choices) -> Self:
        """The task; masks have no threshold."""
        return cls(choices.distances)

    def fitted(self, spec: ModelSpec, split: Split) -> Self:
        """With the structures of the model, and the sizes of pixels where the data state them.

        Raises:
            DataError: they are stated for some of the samples, not for all.
        """
        structures = structures_of(spec.class_names, spec.unions)
        return replace(self, structures=structures, spacing=spacing_of(split))

    def holding(self, answered: Answered) -> Self:
        """With the scores that a file has."""
        return replace(self, columns=scores_in(answered.values))

    @classmethod
    def answer_shape(cls, spec: ModelSpec, image: Sequence[int]) -> list[int]:
        """As large as the image."""
        return list(image)

    @classmethod
    def description_fault(cls, spec: ModelSpec) -> str | None:
        """Names of structures, pictures, and of each probe their shares in every field."""
        try:
            structures = structures_of(spec.class_names, spec.unions)
        except ValueError as error:
            return f"is unusable at class_names or unions: {error}"
        if spec.image_shape is not None and len(spec.image_shape) != 2:
            return f"takes volumes {list(spec.image_shape)}, and masks are of pictures (H, W) alone"
        expected = spec.probes.expected if spec.probes is not None else ()
        if any(len(row) != len(structures.names) * FIELDS**2 for row in expected):
            return "has probes that do not fit together"
        return None

    @classmethod
    def fingerprint(cls, answer: Array, classes: int = 3) -> FloatArray:
        """Shares of each structure in 4 x 4 fields, which one pixel at an edge hardly moves.

        Args:
            answer: (H, W) uint8.
            classes: of the mask, background among them.
        """
        fields = [
            field
            for rows in np.array_split(answer, FIELDS)
            for field in np.array_split(rows, FIELDS, axis=1)
        ]
        return np.array([(f == label).mean() for f in fields for label in range(1, classes)])

    @property
    def value_names(self) -> tuple[str, ...]:
        """Scores of `fairness/mask_scores.py`, with or without distances."""
        if self.columns is not None:
            return self.columns
        return names_of(self.structures, self.distances, mm=self.spacing is not None)

    def read(self, batch: Batch, answers: Mapping[str, Array]) -> Mapping[str, FloatArray]:
        """Scores (B,) of the masks, by name."""
        answer = checked(batch, answers[RECORDED], self.structures)
        sizes = None if self.spacing is None else np.array([self.spacing[i] for i in batch.ids])
        return score_masks(answer, batch.targets, self.distances, self.structures, sizes)

    def is_possible(self, name: str, value: FloatArray) -> BoolArray:
        """Undefined, or a distance of 0 or more; every other score lies within [0, 1]."""
        most = np.inf if metric_of(name)[1].startswith(("hd95", "asd")) else 1.0
        within = (value >= 0) & (value <= most) & np.isfinite(value)
        return np.asarray(within | np.isnan(value))

    def measured(self, answered: Answered, names: Names, settings: Settings) -> list[Measured]:
        """Scores of the masks, one table."""
        measures = mask_measures(answered.values)
        dice = tuple(score for score in measures.scores if score.tail is not None)
        return [Measured(names, answered.cases, measures, self.kind, spread=dice)]

    def notes(self, answered: Answered) -> Mapping[str, object]:
        """How many cases miss, invent or rightly lack each structure.

        Beside that, of other structures than those of an eye, and in mm, what was measured.
        """
        counts = {"empty_masks": empty_counts(answered.values)}
        found = structures_in(answered.values)
        is_eye, in_mm = set(found) <= set(EYE.parts), any(map(is_in_mm, answered.values))
        if is_eye and not in_mm:
            return counts
        unions = {name: list(parts) for name, parts in self.structures.unions if name in found}
        unit, tolerance = ("mm", TOLERANCE_MM) if in_mm else ("pixels", TOLERANCE)
        said = {"structures": list(found), "unions": unions, "distances": unit}
        return {**counts, "masks": {**said, "surface_dice_tolerance": tolerance}}

    def quality(self, answered: Answered) -> FloatArray | None:
        """Mean Dice of the structures."""
        dice = [answered.values[f"{name}_dice"] for name in self.structures.names]
        return np.asarray(np.mean(dice, axis=0))


def spacing_of(split: Split) -> dict[str, Spacing] | None:
    """Sample to mm between rows and between columns; None where the split does not state them.

    Raises:
        DataError: a sample has none, and others have.
    """
    if not set(SPACING) <= set(split.covariates):
        return None
    rows, columns = (split.covariates[name] for name in SPACING)
    known = (rows > 0) & (columns > 0) & np.isfinite(rows) & np.isfinite(columns)
    if not known.any():
        return None
    if not known.all():
        lacking = split.ids[int(known.argmin())]
        raise DataError(
            f"{split.root}: sample '{lacking}' has no {' and '.join(SPACING)}, the size of "
            "a pixel in mm; fill it in, leave it out, or measure in pixels with --spacing pixels"
        )
    return dict(zip(split.ids, zip(rows.tolist(), columns.tolist(), strict=True), strict=True))


def checked(batch: Batch, answer: Array, structures: Structures) -> Image:
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
    most = len(structures.names)
    if answer.max() > most:
        i = int((answer > most).any((1, 2)).argmax())
        raise DataError(
            f"the model answered class {answer[i].max()} for sample {batch.ids[i]}, known are "
            f"{structures.listed()}; check the model before trusting any number"
        )
    return answer
