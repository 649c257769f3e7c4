"""Groupings of the samples: recorded attributes, age bins, intersections, strata of a control."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.attributes import UNKNOWN, Attribute
from fairness.errors import DataError, UsageError
from fairness.outcomes import Cases
from fairness.unknown import CODES

NOT_RECORDED = "not recorded"
"""Name of the unknown where it counts as a group."""

OUTSIDE = -2
"""Code of a sample outside the grouping: it is in another stratum of the control."""

NAMED_BINS = {
    "fairfedmed": (60.0,),  # the two age groups of FairFedMed
    "decades": tuple(float(edge) for edge in range(20, 91, 10)),
}
AGES = (0.0, 120.0)
"""Ages of people, in years; what lies outside stands for the unknown, as -1 and 999 do."""
MOST_LEVELS = 8
"""Largest number of distinct values of a control that is taken level by level, not binned."""


@dataclass(frozen=True)
class Grouping:
    """Division of the samples into groups: codes (n,), `UNKNOWN` or `OUTSIDE` where in none."""

    attribute: Attribute
    codes: IntArray
    factors: tuple[int, ...]
    """Number of groups of each crossed attribute; `len(groups)` is their product."""
    primary: bool = True
    """Whether its largest gaps are tested; False for a variant of a grouping that is tested."""
    hidden: frozenset[str] | None = None
    """Groups, `unknown` or `all`, that a shared report must not show; None: judged by size."""
    withheld: frozenset[str] = frozenset()
    """Those shown without counts, their numbers rounded: counts would give a hidden group away."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Why a group is hidden or withheld (`fairness/disclosure/sizes.py`)."""
    parts: tuple["Grouping", ...] = ()
    """The crossed groupings; none of a grouping by one attribute."""


def recorded(outcomes: Cases) -> list[Grouping]:
    """A grouping for each attribute of the samples."""
    return [plain(a, outcomes.codes[a.name]) for a in outcomes.attributes]


def plain(attribute: Attribute, codes: IntArray) -> Grouping:
    """A grouping by one attribute."""
    return Grouping(attribute, codes, (len(attribute.groups),))


def binned(name: str, values: FloatArray, bins: str) -> Grouping:
    """A grouping by bins of a covariate; NaN is unknown.

    Args:
        name: of the covariate, which names the attribute.
        values: (n,), NaN where unknown.
        bins: `quantile:4`, edges such as `40,60,80`, or a name of `NAMED_BINS`.

    Raises:
        UsageError: the bins cannot be read, or do not ascend.
        DataError: no value is known.
    """
    known = values[np.isfinite(values)]
    if not known.size:
        raise DataError(f"'{name}' is not recorded for any image; leave its bins out")
    edges = bin_edges(name, known, bins)
    codes: IntArray = np.searchsorted(edges, values, side="right").astype(np.int64)
    codes[~np.isfinite(values)] = UNKNOWN
    between = [f"{a:g} to < {b:g}" for a, b in itertools.pairwise(edges)]
    return plain(Attribute(name, (f"< {edges[0]:g}", *between, f">= {edges[-1]:g}")), codes)


def known_ages(ages: FloatArray) -> FloatArray:
    """The ages (n,) that people have, NaN for all others."""
    return np.where((ages >= AGES[0]) & (ages <= AGES[1]), ages, np.nan)


def said_of_ages(covariates: Mapping[str, FloatArray]) -> str:
    """How many ages count as unknown because nobody has them; nothing where there are none."""
    ages = covariates.get("age", np.array([]))
    n = int((np.isnan(known_ages(ages)) & ~np.isnan(ages)).sum())
    return f"{n} of {len(ages)} ages lie outside 0..120 and count as unknown" if n else ""


def bin_edges(name: str, known: FloatArray, bins: str) -> FloatArray:
    """Ascending inner edges."""
    edges: FloatArray
    try:
        if bins in NAMED_BINS:
            edges = np.array(NAMED_BINS[bins])
        elif bins.startswith("quantile:"):
            count = int(bins.removeprefix("quantile:"))
            edges = np.unique(np.quantile(known, np.arange(1, count) / count))
        else:
            edges = np.array([float(edge) for edge in bins.split(",")])
    except ValueError:
        edges = np.array([])
    if not edges.size or (np.diff(edges) <= 0).any() or not np.isfinite(edges).all():
        raise UsageError(
            f"bins of '{name}': cannot read '{bins}'; give ascending edges (40,60,80), "
            f"quantile:4, or one of {', '.join(NAMED_BINS)}"
        )
    return edges


def intersection(groupings: Sequence[Grouping]) -> Grouping:
    """The crossed grouping, such as `race*gender`; unknown where one of them is."""
    crossed = itertools.product(*(g.attribute.groups for g in groupings))
    names = [" * ".join(quoted(name, " * ") for name in combination) for combination in crossed]
    sizes = tuple(len(g.attribute.groups) for g in groupings)
    stacked = np.stack([g.codes for g in groupings])
    flat = np.ravel_multi_index(tuple(np.maximum(stacked, 0)), sizes)
    codes = np.where((stacked < 0).any(axis=0), UNKNOWN, flat).astype(np.int64)
    title = "*".join(g.attribute.name for g in groupings)
    return Grouping(Attribute(title, tuple(names)), codes, sizes, parts=tuple(groupings))


def quoted(name: str, separator: str) -> str:
    """The name, in quotes where it holds the text that separates names."""
    return f'"{name}"' if separator in f" {name} " else name


def with_unknown(grouping: Grouping) -> Grouping:
    """The grouping with the unknown as one more group, to show how gaps depend on them."""
    groups = (*grouping.attribute.groups, NOT_RECORDED)  # `unknown` is what belongs to no group
    codes = np.where(grouping.codes == UNKNOWN, len(groups) - 1, grouping.codes)
    attribute = Attribute(f"{grouping.attribute.name} (unknown as a group)", groups)
    return Grouping(attribute, codes, (len(groups),), primary=False, hidden=grouping.hidden)


def controlled(grouping: Grouping, stratum: Grouping) -> list[Grouping]:
    """Groupings of the same attribute inside each stratum of a control variable."""
    title, groups = grouping.attribute.name, grouping.attribute.groups
    found = []
    for code, label in enumerate(stratum.attribute.groups):
        attribute = Attribute(f"{title} | {stratum.attribute.name} {label}", groups)
        codes = np.where(stratum.codes == code, grouping.codes, OUTSIDE)
        found.append(Grouping(attribute, codes, grouping.factors, primary=False))
    return found


def strata(name: str, values: FloatArray, bins: str | None) -> Grouping:
    """Strata of a control variable: its levels where it has few, else bins (thirds by default).

    Beside levels that are not negative, the codes of the unknown (-1, ...) are unknown.
    """
    levels = np.unique(values[np.isfinite(values)])
    if bins is None and 0 < levels.size <= MOST_LEVELS:
        coded = np.isin(levels, tuple(CODES))
        if (levels[~coded] >= 0).all() and not coded.all():
            levels = levels[~coded]
        codes = np.searchsorted(levels, np.nan_to_num(values)).astype(np.int64)
        codes[~np.isin(values, levels)] = UNKNOWN
        return plain(Attribute(name, tuple(f"= {level:g}" for level in levels)), codes)
    return binned(name, values, bins or "quantile:3")
