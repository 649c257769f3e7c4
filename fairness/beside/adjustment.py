"""`--adjust-for`: attributes and covariates whose strata groups are compared in."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.errors import UsageError
from fairness.groups import Grouping, strata

FLAG = "--adjust-for"
MOST_STRATA = 200
SITES = ("site", "client", "hospital", "centre", "center")
"""Names of factors over which a random effect is reported, too."""
MANY_SITES = 5


@dataclass(frozen=True)
class Adjustment:
    """The factors, each as a grouping of the cases."""

    factors: tuple[Grouping, ...]

    def said(self) -> str:
        """Each factor with its levels, in one line."""
        return "; ".join(
            f"{f.attribute.name} ({', '.join(f.attribute.groups)})" for f in self.factors
        )

    def within(self, grouping: Grouping) -> tuple[Grouping, ...]:
        """The factors that are not what the grouping itself is made of."""
        own = {part.attribute.name for part in (grouping, *grouping.parts)}
        return tuple(f for f in self.factors if f.attribute.name not in own)


def adjustment_of(
    words: Sequence[str],
    groupings: Sequence[Grouping],
    covariates: Mapping[str, FloatArray],
) -> Adjustment:
    """The factors that the words name: `site`, `age`, `md=-12/-6`, `age=quantile:4`.

    Args:
        words: names, with bins behind `=`. Attributes are taken as they are; covariates level by
            level where they have few, else in thirds.
        groupings: the reported ones.
        covariates: of the cases, impossible ages as NaN.

    Raises:
        UsageError: a name is not there or comes twice, bins cannot be read, or there are too many
            strata.
        DataError: a covariate is recorded for nobody.
    """
    known = {g.attribute.name: g for g in groupings if not g.parts}
    factors: dict[str, Grouping] = {}
    for word in words:
        name, _, bins = (part.strip() for part in word.partition("="))
        if name in factors:
            raise UsageError(f"{FLAG}: '{name}' comes twice")
        if name in known and not bins:
            factors[name] = known[name]
        elif name in covariates:
            factors[name] = strata(name, covariates[name], bins.replace("/", ",") or None)
        else:
            raise UsageError(
                f"{FLAG}: no attribute or covariate '{name}' (there are: "
                f"{', '.join(dict.fromkeys((*known, *covariates))) or 'none'})"
            )
    cells = int(np.prod([len(f.attribute.groups) for f in factors.values()]))
    if cells > MOST_STRATA:
        raise UsageError(
            f"{FLAG}: {cells} strata, of which most would be empty; at most {MOST_STRATA}, so name "
            "fewer, or fewer bins"
        )
    return Adjustment(tuple(factors.values()))


def crossed(factors: Sequence[Grouping], n: int) -> tuple[IntArray, tuple[str, ...]]:
    """(n,) stratum of each case, -1 where a factor is unknown; names of the S strata."""
    if not factors:
        return np.zeros(n, dtype=np.int64), ("all",)
    stacked = np.stack([factor.codes for factor in factors])
    shape = tuple(len(factor.attribute.groups) for factor in factors)
    flat = np.ravel_multi_index(tuple(np.maximum(stacked, 0)), shape)
    names = [
        ", ".join(f"{f.attribute.name} {level}" for f, level in zip(factors, levels, strict=True))
        for levels in itertools.product(*(f.attribute.groups for f in factors))
    ]
    return np.where((stacked < 0).any(axis=0), -1, flat).astype(np.int64), tuple(names)
