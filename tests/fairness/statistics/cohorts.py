"""A small cohort, and its analysis, for the tests of the whole analysis."""

from typing import Any

import numpy as np
from scipy.stats import norm

from fairness.arrays import FloatArray, IntArray
from fairness.attributes import RACE, UNKNOWN, Attribute
from fairness.groups import plain
from fairness.statistics.analyse import analyse
from fairness.statistics.binary import BinaryScores
from fairness.statistics.settings import Settings

SETTINGS = Settings(replicates=300)


def cohort(
    n: int = 400, seed: int = 0, images: int = 1
) -> tuple[IntArray, FloatArray, IntArray, IntArray]:
    """Truth, score, race codes (some unknown), patients."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(rng.choice([0, 1, 2, UNKNOWN], n, p=[0.2, 0.3, 0.4, 0.1]), images)
    y = rng.integers(0, 2, n * images)
    shared = np.repeat(rng.normal(size=n), images)
    score = norm.cdf(0.8 * (y - 0.5) + 0.7 * shared + 0.7 * rng.normal(size=n * images))
    return y, score, codes, np.repeat(np.arange(n), images)


def analysed(
    y: IntArray,
    score: FloatArray,
    codes: IntArray,
    patients: IntArray | None = None,
    attribute: Attribute = RACE,
    settings: Settings = SETTINGS,
) -> Any:
    """The analysis by one attribute; Any, so that tests may compare what could be None."""
    patients = np.arange(len(y)) if patients is None else patients
    return analyse(BinaryScores(y, score, 0.5), patients, [plain(attribute, codes)], settings)


def table(analysis: Any, attribute: str = "race") -> dict[tuple[str, str], Any]:
    return {(e.group, e.metric): e for e in analysis.estimates if e.attribute == attribute}
