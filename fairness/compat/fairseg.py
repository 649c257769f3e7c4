"""The original FairSeg evaluation, quirks included, to set its numbers beside ours.

It scores rim and cup (not the disc); calls a structure right that it predicts where the reference
has none (Dice 1, IoU 1), and wrong where neither has it (0); counts a missing distance as 0, which
flatters; averages the overall number over all samples, those of unknown group included, and
compares the groups with that; and lets one empty group spoil the equity-scaled number (Tian et al.,
ICLR 2024, released SAMed evaluation; docs/metrics.md).

What is not reproduced: the original compares masks cropped and resampled to the model's size, these
are compared as they were served, so its distances are in other pixels; and in its TransUNet folder
the means over structures are two thirds of the truth, as a third structure that does not exist is
averaged in as 0.
"""

from collections.abc import Mapping

import numpy as np

from fairness.arrays import Array, FloatArray, IntArray
from fairness.attributes import Attribute
from fairness.compat.fairclip import ATTRIBUTES, Compared, compared
from fairness.groups import plain
from fairness.metrics import disparity
from fairness.suppression import hidden_of

SCORED = ("rim", "cup")
METRICS = ("dice", "iou", "hd95")
EQUITY_SCALED = ("dice", "iou")


def compat_fairseg(
    columns: Mapping[str, FloatArray],
    attributes: tuple[Attribute, ...],
    codes: Mapping[str, IntArray],
    patients: Array,
    least: int = 0,
) -> list[Compared]:
    """The original's numbers, overall and for race, gender, ethnicity and language where recorded.

    Args:
        columns: (n,) of `score_masks`, with or without distances.
        attributes: of the samples; others than the four are left out.
        codes: (n,) groups by name of the attribute.
        patients: (n,) who each sample belongs to.
        least: smallest number of people whose numbers may be shown.
    """
    scores = original_scores(columns)
    few = len(np.unique(patients)) < least
    overall = {name: float(values.mean()) for name, values in scores.items()}
    found = [compared("overall", "all", name, value, few) for name, value in overall.items()]
    chosen = [a for a in attributes if a.name in ATTRIBUTES]
    for attribute in sorted(chosen, key=lambda a: ATTRIBUTES.index(a.name)):
        of = codes[attribute.name]
        hidden = hidden_of(plain(attribute, of), patients, least)
        for name, values in scores.items():
            means = group_means(values, of, len(attribute.groups))
            for group, mean in zip(attribute.groups, means, strict=True):
                found.append(compared(attribute.name, group, name, mean, group in hidden))
            if name.endswith(EQUITY_SCALED):
                scaled = disparity.equity_scaled(overall[name], means, compat=True)
                found.append(compared(attribute.name, "all", f"es_{name}", scaled, bool(hidden)))
    return found


def original_scores(columns: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """(n,) Dice, IoU and, where there are distances, HD95 of rim and cup by the original's rule."""
    scores = {}
    for structure in SCORED:
        missed, invented = columns[f"{structure}_missed"], columns[f"{structure}_invented"]
        for metric in METRICS:
            name = f"{structure}_{metric}"
            if name not in columns:
                continue
            empty = np.where(missed == 1, 0.0, invented if metric in EQUITY_SCALED else 0.0)
            scores[name] = np.where(missed == 0, columns[name], empty)
    return scores


def group_means(values: FloatArray, codes: IntArray, groups: int) -> FloatArray:
    """(G,) plain means, NaN of a group without samples."""
    inside = codes == np.arange(groups)[:, None]
    counts = inside.sum(1)
    return np.divide(inside @ values, counts, out=np.full(groups, np.nan), where=counts > 0)
