"""Tables of a report on masks, for whatever structures there are."""

from collections.abc import Collection, Sequence

from fairness.mask_names import MEAN, structures_in
from fairness.structures import EYE
from fairness.tasks.task import Tables

FULLY_SHOWN = 3
"""Structures, unions left out, of which people see every score; of more they see Dice alone."""
BRIEF, ROOM = 5, 44
"""Numbers of each group that fit on a terminal, and characters for all but the first of them."""


def mask_tables(metrics: Collection[str], unions: Sequence[str] = ()) -> Tables:
    """Which of the metrics of a report people see, and how they are called.

    Args:
        metrics: names of the numbers of each group.
        unions: structures that consist of others, of which people see Dice alone.
    """
    every = structures_in(metrics)
    is_eye = set(every) <= set(EYE.parts)
    parts = [name for name in every if name not in (dict(EYE.unions) if is_eye else unions)]
    full = parts if len(parts) <= FULLY_SHOWN else []
    of_case = {"CDR error": "vertical_cdr_error"} if is_eye else {}
    means = {"mean Dice": MEAN} if MEAN in metrics else {}
    groups = means | {f"{s} Dice": f"{s}_dice" for s in every}
    groups |= {f"{s} < 0.5": f"{s}_dice_tail" for s in full}
    groups |= {f"{s} IoU": f"{s}_iou" for s in full}
    groups |= {f"{s} HD95": f"{s}_hd95" for s in full}
    groups |= {f"{s} HD95 mm": f"{s}_hd95_mm" for s in full if f"{s}_hd95_mm" in metrics}
    groups |= of_case
    groups |= {f"{s} missed": f"{s}_missed" for s in full}
    of_mean = {"ES mean Dice": f"es_{MEAN}", "worst mean Dice": f"{MEAN}_worst"}
    gaps = {**of_mean, "mean Dice gap": f"{MEAN}_difference"} if means else {}
    gaps |= {f"ES {s} Dice": f"es_{s}_dice" for s in every if s in full or s not in parts}
    gaps |= {f"worst {s} Dice": f"{s}_dice_worst" for s in parts}
    gaps |= {f"{s} Dice gap": f"{s}_dice_difference" for s in parts}
    gaps |= {f"ES {s} IoU": f"es_{s}_iou" for s in full}
    shown = [label for label, metric in groups.items() if metric in metrics]
    brief = 1
    while brief < min(BRIEF, len(shown)) and sum(len(s) + 2 for s in shown[1 : brief + 1]) <= ROOM:
        brief += 1
    return Tables(groups=groups, gaps=gaps, brief=brief)
