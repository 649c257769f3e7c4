"""Scores of segmented masks by case, and the measures that the statistics make of them.

Scores are columns (n,) by name (`fairness/mask_names.py`): `rim_dice`, `rim_hd95`, ...; columns of
several batches are concatenated.
"""

from collections.abc import Mapping

import numpy as np

from fairness.arrays import BoolArray, FloatArray, Image
from fairness.errors import DataError
from fairness.mask_names import (
    IN_MM,
    MEAN,
    OF_COUNTS,
    OF_SURFACE,
    RATIOS,
    metric_of,
    names_of,
    scores_in,
    structures_in,
)
from fairness.metrics import segmentation
from fairness.metrics.segmentation import Classes, Spacing
from fairness.statistics.case_scores import CaseScore, CaseScores
from fairness.structures import EYE, Structures

FAILED = 0.5
"""Dice coefficient below which a case has failed."""

TOLERANCE, TOLERANCE_MM = 5.0, 2.0
"""Pixels, and mm, by which a surface may be off in the normalised surface Dice."""

COUNTED = dict(
    zip(
        OF_COUNTS,
        (segmentation.dice, segmentation.iou, segmentation.missed, segmentation.invented),
        strict=True,
    )
)
"""Metric to its function of the pixel counts."""


def score_masks(
    prediction: Image,
    reference: Image,
    surface: bool = True,
    structures: Structures = EYE,
    spacing: FloatArray | None = None,
) -> dict[str, FloatArray]:
    """Scores (B,) of each case by name, NaN where undefined (`metrics/segmentation.py`).

    Args:
        prediction: (B, H, W) uint8: 0 background, then one class a structure.
        reference: the same.
        surface: also the distances between surfaces (hd95, asd, nsd), which take most of the time.
        structures: what the classes are.
        spacing: (B, 2) mm between rows and between columns; without it, distances are in pixels.

    Raises:
        DataError: the masks have different shapes, or hold another value.
    """
    check_masks(prediction, reference, structures)
    counts = segmentation.confusion(prediction, reference, len(structures.classes))
    columns = surface_scores(prediction, reference, structures, spacing) if surface else {}
    for name, classes in structures.parts.items():
        columns |= {f"{name}_{m}": score(counts, classes) for m, score in COUNTED.items()}
    columns[MEAN] = np.mean([columns[f"{name}_dice"] for name in structures.names], axis=0)
    if structures.is_eye:
        cup, both = structures.parts["cup"], (1, 2)
        errors = (
            segmentation.area_ratio_error(counts, cup, both),
            segmentation.vertical_ratio_error(prediction, reference, cup[0]),
        )
        columns |= dict(zip(RATIOS, errors, strict=True))
    return {n: columns[n] for n in names_of(structures, surface, mm=spacing is not None)}


def check_masks(prediction: Image, reference: Image, structures: Structures = EYE) -> None:
    """Raise DataError unless both are (B, H, W) uint8 of one shape that hold known classes only."""
    for role, masks in (("predicted", prediction), ("reference", reference)):
        if masks.shape != reference.shape or masks.ndim != 3 or masks.dtype != np.uint8:
            raise DataError(
                f"{role} masks are {masks.dtype} {masks.shape} where the references are "
                f"{reference.dtype} {reference.shape}; both must be uint8 (cases, rows, columns)"
            )
        most = len(structures.names)
        if masks.max(initial=0) > most:
            case = int((masks > most).any((1, 2)).argmax())
            raise DataError(
                f"{role} mask {case} of the batch holds class {masks[case].max()}; "
                f"expected {structures.listed()}"
            )


def surface_scores(
    prediction: Image, reference: Image, structures: Structures, spacing: FloatArray | None
) -> dict[str, FloatArray]:
    """(B,) hd95, asd (pixels or mm) and nsd ([0, 1]) of each structure, by name."""
    metrics = OF_SURFACE if spacing is None else IN_MM
    found = {f"{s}_{m}": np.empty(len(prediction)) for s in structures.parts for m in metrics}
    for case, pair in enumerate(zip(prediction, reference, strict=True)):
        window = _window(pair[0] | pair[1])
        ours, theirs = (mask[window] for mask in pair)
        apart = None if spacing is None else (float(spacing[case, 0]), float(spacing[case, 1]))
        for name, classes in structures.parts.items():
            distances = _distances(_inside(ours, classes), _inside(theirs, classes), apart)
            for metric, value in zip(metrics, distances, strict=True):
                found[f"{name}_{metric}"][case] = value
    return found


def empty_counts(columns: Mapping[str, FloatArray]) -> dict[str, int]:
    """Numbers of cases that miss a structure (`rim_missed`), invent it, or rightly lack it.

    Of the structures of which there are columns: somebody's file may hold Dice coefficients alone.
    """
    found = {}
    for name in structures_in(columns):
        missed, invented = columns.get(f"{name}_missed"), columns.get(f"{name}_invented")
        if missed is not None and invented is not None:
            found[f"{name}_missed"] = int((missed == 1).sum())
            found[f"{name}_invented"] = int((invented == 1).sum())
            found[f"{name}_absent"] = int((invented == 0).sum())
    return found


def mask_measures(columns: Mapping[str, FloatArray]) -> CaseScores:
    """Measures for `analyse` from the columns (n,) of `score_masks`, as many as there are.

    Of every score the mean, largest difference and worst group; of Dice the share of failed cases,
    too; of Dice, IoU and surface Dice also the equity-scaled mean (`es_rim_dice`). `missed` is a
    share of the cases whose reference holds the structure, `invented` of the others.
    """
    return CaseScores(tuple(_measure(name, columns[name]) for name in scores_in(columns)))


def _measure(name: str, values: FloatArray) -> CaseScore:
    structure, metric = metric_of(name)
    if metric in ("missed", "invented"):
        undefined = f"no reference {'with' if metric == 'missed' else 'without'} {structure}"
        return CaseScore(name, values, "share", larger_is_better=False, undefined=undefined)
    if metric.startswith(("hd95", "asd")):
        return CaseScore(name, values, larger_is_better=False, span=(0.0, np.inf))
    if metric in RATIOS:
        return CaseScore(name, values, larger_is_better=False)
    return CaseScore(name, values, tail=FAILED if metric in ("dice", MEAN) else None)


def _distances(prediction: BoolArray, reference: BoolArray, spacing: Spacing | None) -> list[float]:
    """hd95, asd, nsd of one structure of one case; 0, 0, 1 where neither mask holds it."""
    there = prediction.any(), reference.any()
    if not all(there):
        return [np.nan, np.nan, 0.0] if any(there) else [0.0, 0.0, 1.0]
    distances = np.concatenate(segmentation.surface_distances(prediction, reference, spacing))
    tolerance = TOLERANCE if spacing is None else TOLERANCE_MM
    return [
        segmentation.hausdorff95(distances),
        segmentation.average_surface_distance(distances),
        segmentation.normalised_surface_dice(distances, tolerance),
    ]


def _inside(mask: Image, classes: Classes) -> BoolArray:
    found: BoolArray = mask == classes[0]
    for other in classes[1:]:
        found |= mask == other
    return found


def _window(mask: Image) -> tuple[slice, slice]:
    """Rows and columns of the smallest rectangle around all that is not background."""
    lines = [np.flatnonzero(mask.max(axis=axis)) for axis in (1, 0)]
    rows, columns = (slice(i[0], i[-1] + 1) if i.size else slice(0) for i in lines)
    return rows, columns
