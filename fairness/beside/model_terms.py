"""`--adjust-by model`: attributes and covariates as columns of a logistic model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fairness.arrays import FloatArray
from fairness.attributes import UNKNOWN
from fairness.beside.adjustment import FLAG, adjustment_of
from fairness.errors import UsageError
from fairness.groups import MOST_LEVELS, Grouping


@dataclass(frozen=True)
class Terms:
    """What enters the model beside the group."""

    factors: tuple[Grouping, ...]
    """Level by level."""
    lines: tuple[tuple[str, FloatArray], ...]
    """Name and values (n,) of covariates that enter as they are."""

    def said(self) -> str:
        """Each with its levels, in one line."""
        levels = [f"{f.attribute.name} ({', '.join(f.attribute.groups)})" for f in self.factors]
        return "; ".join([*levels, *(f"{name} (as a line)" for name, _ in self.lines)])

    def within(self, grouping: Grouping) -> "Terms":
        """Those that are not what the grouping itself is made of."""
        own = {part.attribute.name for part in (grouping, *grouping.parts)}
        factors = tuple(f for f in self.factors if f.attribute.name not in own)
        return Terms(factors, tuple(line for line in self.lines if line[0] not in own))

    def columns(self, n: int) -> FloatArray:
        """(n, K) a column for each level but the first, then the covariates; NaN where unknown."""
        found = [np.zeros((n, 0))]
        for factor in self.factors:
            levels = np.equal.outer(factor.codes, np.arange(1, len(factor.attribute.groups)))
            known = (factor.codes != UNKNOWN)[:, None]
            found.append(np.where(known, levels, np.nan))
        return np.column_stack([*found, *(values for _, values in self.lines)])


def terms_of(
    words: Sequence[str], groupings: Sequence[Grouping], covariates: Mapping[str, FloatArray]
) -> Terms:
    """The terms that the words of `--adjust-for` name.

    Attributes, covariates of few levels and those with bins go level by level, others as a line.

    Args:
        words: as `adjustment_of` takes them.
        groupings: the reported ones.
        covariates: of the cases, impossible ages as NaN.

    Raises:
        UsageError: a name is not there or comes twice, or bins cannot be read.
        DataError: a covariate is recorded for nobody.
    """
    known = {g.attribute.name for g in groupings if not g.parts}
    names = [word.partition("=")[0].strip() for word in words]
    if twice := [name for name in names if names.count(name) > 1]:
        raise UsageError(f"{FLAG}: '{twice[0]}' comes twice")
    factors: list[Grouping] = []
    lines: list[tuple[str, FloatArray]] = []
    for word, name in zip(words, names, strict=True):
        values = covariates.get(name, np.zeros(0))
        levels = np.unique(values[np.isfinite(values)])
        if name not in known and "=" not in word and len(levels) > MOST_LEVELS:
            lines.append((name, values))
        else:
            factors += adjustment_of([word], groupings, covariates).factors
    return Terms(tuple(factors), tuple(lines))
