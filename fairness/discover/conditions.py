"""Conditions that subgroups are made of: groups of attributes, and bins of covariates."""

import itertools
from dataclasses import dataclass

import numpy as np

from fairness.arrays import BoolArray, FloatArray
from fairness.groups import MOST_LEVELS, known_ages, quoted
from fairness.outcomes import Cases
from fairness.unknown import CODES

BINS = 4
"""Bins of equal mass of a covariate."""


@dataclass(frozen=True)
class Condition:
    """`variable` is `value`."""

    variable: str
    value: str

    def text(self) -> str:
        """`race = Black`, `age = 60 to < 72`."""
        return f"{self.variable} = {quoted(self.value, ' and ')}"


@dataclass(frozen=True)
class Conditions:
    """K conditions and the cases that meet them."""

    conditions: tuple[Condition, ...]
    inside: BoolArray
    """(K, n)."""


def conditions_of(cases: Cases, search: BoolArray) -> Conditions:
    """A condition for each group of an attribute, and for each level or bin of a covariate.

    Nobody of unknown value meets one. Bins have equal mass; their edges, and the levels of a
    covariate that has few, are those of the cases under `search` (n,) alone.
    """
    conditions, inside = [], []
    for attribute in cases.attributes:
        for code, group in enumerate(attribute.groups):
            conditions.append(Condition(attribute.name, group))
            inside.append(cases.codes[attribute.name] == code)
    for name, values in cases.covariates.items():
        known = known_ages(values) if name == "age" else values
        for label, met in levels_or_bins(known, search):
            conditions.append(Condition(name, label))
            inside.append(met)
    none = np.zeros((0, len(cases)), dtype=bool)
    return Conditions(tuple(conditions), np.stack(inside) if inside else none)


def levels_or_bins(values: FloatArray, search: BoolArray) -> list[tuple[str, BoolArray]]:
    """Name and members (n,) of each level of a covariate that has few, else of each bin.

    Beside levels that are not negative, the codes of the unknown (-1, ...) are none.
    """
    values = np.where(np.isfinite(values), values, np.nan)
    seen = values[search & np.isfinite(values)]
    levels = np.unique(seen)
    if levels.size <= MOST_LEVELS:
        coded = np.isin(levels, tuple(CODES))
        if (levels[~coded] >= 0).all() and not coded.all():
            levels = levels[~coded]
        return [(f"{level:g}", values == level) for level in levels]
    edges = np.unique(np.quantile(seen, np.arange(1, BINS) / BINS))
    bins = []
    for low, high in itertools.pairwise((-np.inf, *edges, np.inf)):
        above, below = f"{low:g}", f"{high:g}"
        name = f"{above} to < {below}"
        if not np.isfinite(low):
            name = f"< {below}"
        elif not np.isfinite(high):
            name = f">= {above}"
        bins.append((name, (values >= low) & (values < high)))
    return bins
