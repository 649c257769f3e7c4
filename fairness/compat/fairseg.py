"""The released FairSeg evaluation (SAMed), defects included, for comparison with our numbers.

It scores rim and cup, not the disc. A structure predicted where the reference has none is right
(Dice 1, IoU 1), one that neither mask has is wrong (0), and a missing distance counts as 0. The
overall number averages all samples, those of unknown group included, and the groups are compared
with it; one empty group makes the equity-scaled number undefined (Tian et al., ICLR 2024;
docs/metrics.md). `es_std_` is the form of the first preprint, which the released code holds
commented out.

Two things differ here. The original compares masks cropped and resampled to the model's size, so
its distances are in other pixels than ours. Its TransUNet folder averages a third structure, which
does not exist, as 0, so its means over structures are two thirds of the truth.
"""

from collections.abc import Mapping

import numpy as np

from fairness.arrays import Array, FloatArray, IntArray
from fairness.attributes import ALL, OVERALL, Attribute
from fairness.compat.compared import Compared, compared, of_papers
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
        patients: (n,) patient of each sample.
        least: smallest number of people whose numbers may be shown.
    """
    scores = original_scores(columns)
    overall = {name: float(values.mean()) for name, values in scores.items()}
    found = compared(OVERALL, ALL, overall, len(np.unique(patients)) < least)
    for attribute in of_papers(attributes):
        of = codes[attribute.name]
        hidden = hidden_of(plain(attribute, of), patients, least)
        for name, values in scores.items():
            means = group_means(values, of, len(attribute.groups))
            for group, mean in zip(attribute.groups, means, strict=True):
                found += compared(attribute.name, group, {name: mean}, group in hidden)
            if name.endswith(EQUITY_SCALED):
                scaled = {
                    f"es_{name}": disparity.equity_scaled(overall[name], means, compat=True),
                    f"es_std_{name}": scaled_by_deviation(overall[name], means),
                }
                found += compared(attribute.name, ALL, scaled, bool(hidden))
    return found


def scaled_by_deviation(overall: float, means: FloatArray) -> float:
    """`overall / (1 + standard deviation of the group means, by n - 1)`: the first preprint's form.

    One empty group makes it NaN.
    """
    return float(overall / (1 + means.std(ddof=1))) if len(means) > 1 else float("nan")


def original_scores(columns: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """(n,) Dice, IoU and, where there are distances, HD95 of rim and cup by the original's rule."""
    scores = {}
    for structure in SCORED:
        missed, invented = columns[f"{structure}_missed"], columns[f"{structure}_invented"]
        for metric in METRICS:
            name = f"{structure}_{metric}"
            if name in columns:
                empty = np.where(missed == 1, 0.0, invented if metric in EQUITY_SCALED else 0.0)
                scores[name] = np.where(missed == 0, columns[name], empty)
    return scores


def group_means(values: FloatArray, codes: IntArray, groups: int) -> FloatArray:
    """(G,) mean of each group, NaN of a group without samples."""
    inside = codes == np.arange(groups)[:, None]
    counts = inside.sum(1)
    return np.divide(inside @ values, counts, out=np.full(groups, np.nan), where=counts > 0)
