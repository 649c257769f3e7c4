"""Scores of segmented masks by case, and the measures that the statistics make of them.

Scores are columns (n,) by name: `rim_dice`, ..., `disc_invented`, `area_cdr_error`; columns of
several batches are concatenated.
"""

from collections.abc import Mapping

import numpy as np

from fairness.arrays import BoolArray, FloatArray, Image
from fairness.errors import DataError
from fairness.metrics import segmentation
from fairness.metrics.segmentation import STRUCTURES
from fairness.statistics.case_scores import CaseScore, CaseScores

FAILED = 0.5
"""Dice coefficient below which a case has failed."""

TOLERANCE = 5.0
"""Pixels by which a surface may be off in the normalised surface Dice."""

OF_COUNTS = {
    "dice": segmentation.dice,
    "iou": segmentation.iou,
    "missed": segmentation.missed,
    "invented": segmentation.invented,
}
OF_SURFACE = ("hd95", "asd", "nsd")
OF_STRUCTURE = [f"{s}_{m}" for s in STRUCTURES for m in (*OF_COUNTS, *OF_SURFACE)]
NAMES = (*OF_STRUCTURE, "area_cdr_error", "vertical_cdr_error")


def score_masks(prediction: Image, reference: Image, surface: bool = True) -> dict[str, FloatArray]:
    """Scores (B,) of each case by name, NaN where undefined (`metrics/segmentation.py`).

    Args:
        prediction: (B, H, W) uint8: 0 background, 1 rim, 2 cup.
        reference: the same.
        surface: also the distances between surfaces (hd95, asd, nsd), which take most of the time.

    Raises:
        DataError: the masks have different shapes, or hold another value.
    """
    check_masks(prediction, reference)
    counts = segmentation.confusion(prediction, reference)
    columns = surface_scores(prediction, reference) if surface else {}
    for name, classes in STRUCTURES.items():
        columns |= {f"{name}_{m}": score(counts, classes) for m, score in OF_COUNTS.items()}
    vertical = segmentation.vertical_cup_to_disc_ratio_error(prediction, reference)
    columns["vertical_cdr_error"] = vertical
    columns["area_cdr_error"] = segmentation.area_cup_to_disc_ratio_error(counts)
    return {name: columns[name] for name in NAMES if name in columns}


def check_masks(prediction: Image, reference: Image) -> None:
    """Raise DataError unless both are (B, H, W) uint8 of one shape that hold 0, 1 and 2 only."""
    for role, masks in (("predicted", prediction), ("reference", reference)):
        if masks.shape != reference.shape or masks.ndim != 3 or masks.dtype != np.uint8:
            raise DataError(
                f"{role} masks are {masks.dtype} {masks.shape} where the references are "
                f"{reference.dtype} {reference.shape}; both must be uint8 (cases, rows, columns)"
            )
        if masks.max(initial=0) > 2:
            case = int((masks > 2).any((1, 2)).argmax())
            raise DataError(
                f"{role} mask {case} of the batch holds class {masks[case].max()}; "
                "expected 0 background, 1 rim, 2 cup"
            )


def surface_scores(prediction: Image, reference: Image) -> dict[str, FloatArray]:
    """(B,) hd95, asd (pixels) and nsd ([0, 1]) of each structure, by name."""
    found = {f"{s}_{m}": np.empty(len(prediction)) for s in STRUCTURES for m in OF_SURFACE}
    for case, pair in enumerate(zip(prediction, reference, strict=True)):
        window = _window(pair[0] | pair[1])
        ours, theirs = (mask[window] for mask in pair)
        for name, classes in STRUCTURES.items():
            distances = _distances(_inside(ours, classes), _inside(theirs, classes))
            for metric, value in zip(OF_SURFACE, distances, strict=True):
                found[f"{name}_{metric}"][case] = value
    return found


def empty_counts(columns: Mapping[str, FloatArray]) -> dict[str, int]:
    """Numbers of cases that miss a structure (`rim_missed`), invent it, or rightly lack it.

    Of the structures of which there are columns: somebody's file may hold Dice coefficients alone.
    """
    found = {}
    for name in STRUCTURES:
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
    return CaseScores(tuple(_measure(name, columns[name]) for name in NAMES if name in columns))


def _measure(name: str, values: FloatArray) -> CaseScore:
    structure, _, metric = name.rpartition("_")
    if metric in ("missed", "invented"):
        undefined = f"no reference {'with' if metric == 'missed' else 'without'} {structure}"
        return CaseScore(name, values, "share", larger_is_better=False, undefined=undefined)
    if metric in ("hd95", "asd"):
        return CaseScore(name, values, larger_is_better=False, span=(0.0, np.inf))
    if metric == "error":
        return CaseScore(name, values, larger_is_better=False)
    return CaseScore(name, values, tail=FAILED if metric == "dice" else None)


def _distances(prediction: BoolArray, reference: BoolArray) -> list[float]:
    """hd95, asd, nsd of one structure of one case; 0, 0, 1 where neither mask holds it."""
    there = prediction.any(), reference.any()
    if not all(there):
        return [np.nan, np.nan, 0.0] if any(there) else [0.0, 0.0, 1.0]
    distances = np.concatenate(segmentation.surface_distances(prediction, reference))
    return [
        segmentation.hausdorff95(distances),
        segmentation.average_surface_distance(distances),
        segmentation.normalised_surface_dice(distances, TOLERANCE),
    ]


def _inside(mask: Image, classes: slice) -> BoolArray:
    return np.asarray((mask >= classes.start) & (mask < classes.stop))


def _window(mask: Image) -> tuple[slice, slice]:
    """Rows and columns of the smallest rectangle around all that is not background."""
    lines = [np.flatnonzero(mask.max(axis=axis)) for axis in (1, 0)]
    rows, columns = (slice(i[0], i[-1] + 1) if i.size else slice(0) for i in lines)
    return rows, columns
