"""Names of the scores of masks: `lung_dice` is a structure and a metric.

Distances in pixels and in mm are never one number, so those in mm end in `_mm`.
"""

from collections.abc import Iterable

from fairness.structures import EYE, Structures, is_name

OF_COUNTS = ("dice", "iou", "missed", "invented")
OF_SURFACE = ("hd95", "asd", "nsd")
MM = "_mm"
IN_MM = tuple(metric + MM for metric in OF_SURFACE)
METRICS = (*OF_COUNTS, *OF_SURFACE, *IN_MM)
MEAN = "mean_dice"
"""Of a case: the mean of the Dice coefficients of its structures, unions left out."""
RATIOS = ("area_cdr_error", "vertical_cdr_error")
"""Of the case, where the structures are rim and cup."""


def names_of(structures: Structures, surface: bool = True, mm: bool = False) -> tuple[str, ...]:
    """Names of the scores of such masks, in the order of a report.

    Args:
        structures: that the masks may hold.
        surface: also the distances between surfaces.
        mm: whether those are in mm.
    """
    distances = (IN_MM if mm else OF_SURFACE) if surface else ()
    of_each = [f"{s}_{m}" for s in structures.parts for m in (*OF_COUNTS, *distances)]
    if structures.is_eye:
        return (*of_each, *RATIOS)
    return (*of_each, *((MEAN,) if len(structures.names) > 1 else ()))


NAMES = names_of(EYE)
"""Of an optic nerve head, in pixels."""


def metric_of(name: str) -> tuple[str, str]:
    """Structure and metric of a score; the structure is empty where it is none of a structure."""
    for metric in METRICS:
        structure = name.removesuffix(f"_{metric}")
        if structure != name and is_name(structure):
            return structure, metric
    return "", name


def is_distance(name: str) -> bool:
    """Whether a score rests on the surfaces, which a pixel at an edge may move far."""
    return metric_of(name)[1] in (*OF_SURFACE, *IN_MM)


def is_in_mm(name: str) -> bool:
    """Whether a score is one of distances in mm."""
    return metric_of(name)[1] in IN_MM


def structures_in(names: Iterable[str]) -> tuple[str, ...]:
    """The structures that have a Dice coefficient among the names; rim, cup, disc in this order."""
    found = [metric_of(name)[0] for name in names if metric_of(name)[1] == "dice"]
    if set(found) <= set(EYE.parts):
        return tuple(s for s in EYE.parts if s in found)
    return tuple(found)


def scores_in(names: Iterable[str]) -> tuple[str, ...]:
    """Those of the names that are scores of masks, in the order of a report."""
    there = list(names)
    structures = structures_in(there)
    of_each = [f"{s}_{m}" for s in structures for m in METRICS]
    of_case = RATIOS if {"rim", "cup"} & set(structures) else ()
    return tuple(name for name in (*of_each, *of_case, MEAN) if name in there)
