"""Whether validation shows that anything was learned: what every training says at its end.

An epoch is kept because it was the best of many, so its limits hold for the best of so many tries:
each of them has its share of the error of 5 % (Bonferroni).
"""

import math

import numpy as np
from scipy import stats

from fairness.arrays import Array, FloatArray
from fairness.datasets.reader import Split
from fairness.errors import DataError
from fairness.statistics.delong import influence, variance_of
from fairness.statistics.intervals import auc_score_interval
from training.runlog import LOG

ERROR = 0.05
"""Error of an interval: half of it are runs that seem to have learned without any effect."""
CHANCE = 0.5
"""AUC of a score that knows nothing."""


def require_both_classes(split: Split, labels: Array) -> None:
    """Refuse labels (n,) of a split that are all 0 or all 1.

    Raises:
        DataError: they are; names the split.
    """
    found = np.unique(labels)
    if len(found) == 1:
        raise DataError(
            f"{split.root}: {split.target} is {found[0]} for all {len(labels)} images of the "
            f"{split.split} split; both 0 and 1 are needed: divide the data anew, or choose "
            "another --target"
        )


def auc_limits(labels: Array, scores: Array, patients: Array, tries: int) -> tuple[float, float]:
    """Limits of an AUC that was the best of some tries.

    Args:
        labels: (n,) of 0 and 1, both present.
        scores: (n,) higher for positives.
        patients: (n,) whose images depend on each other.
        tries: epochs or rounds among which the best one was chosen.
    """
    y = np.asarray(labels)
    auc, moved = influence(y, scores)
    variance = variance_of(moved, y, patients)
    negatives, positives = (np.array(float(np.unique(patients[y == k]).size)) for k in (0, 1))
    quantile = float(stats.norm.ppf(1 - ERROR / 2 / max(1, tries)))
    low, high = auc_score_interval(
        np.array(auc), np.array(variance), negatives, positives, quantile
    )
    return float(low), float(high)


def say_auc(
    auc: float, limits: tuple[float, float], tries: int, unit: str, split: str = "validation"
) -> None:
    """Log whether an AUC, the best of some tries (epochs or rounds), is told from 0.5."""
    low, high = limits
    best = f" as the best of {tries} {unit}" if tries > 1 else ""
    said = f"{split} AUC {auc:.3f} [{low:.3f}, {high:.3f}]{best}"
    if low > CHANCE:
        LOG.info(f"{said}: above {CHANCE}, so something was learned")
    elif high < CHANCE:
        LOG.warning(f"{said}: below {CHANCE}; check whether the classes are swapped")
    else:
        LOG.warning(
            f"{said} holds {CHANCE}: {split} does not show that anything was learned; train "
            "longer, on more data, or check images and labels before anybody uses this model"
        )


def mean_limits(values: FloatArray, patients: Array, tries: int) -> tuple[float, float]:
    """Student's limits of the mean of (n,) values by patient; infinite below two patients."""
    people = np.unique(patients, return_inverse=True)[1]
    sums = np.bincount(people, weights=values - values.mean()) / len(values)
    if len(sums) < 2:
        return -math.inf, math.inf
    error = math.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1))
    half = float(stats.t.ppf(1 - ERROR / 2 / max(1, tries), len(sums) - 1)) * error
    return float(values.mean()) - half, float(values.mean()) + half


def say_dice(
    part: str, dice: FloatArray, constant: FloatArray, patients: Array, tries: int
) -> None:
    """Log whether masks are told from one mask that is the same for every image.

    Args:
        part: of a mask, rim or cup.
        dice: (n,) of each case.
        constant: (n,) of the best constant mask.
        patients: (n,) whose images depend on each other.
        tries: epochs among which the best one was chosen.
    """
    low, high = mean_limits(dice - constant, patients, tries)
    said = (
        f"validation Dice of the {part} {dice.mean():.3f}, of the best constant mask "
        f"{constant.mean():.3f}: difference {(dice - constant).mean():.3f} [{low:.3f}, {high:.3f}] "
        f"as the best of {tries} epochs"
    )
    if low > 0:
        LOG.info(f"{said}: above 0, so something was learned")
    else:
        LOG.warning(
            f"{said} is not above 0: validation does not show that the {part} was learned from the "
            "images; train longer, on more data, or check images and masks before anybody uses "
            "this model"
        )
