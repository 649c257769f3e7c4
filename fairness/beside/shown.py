"""What may be shown of numbers beside a report: as of its rows, hidden groups without numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from fairness.beside.sets import CaseSet
from fairness.disclosure.sharing import DIGITS, Sharing
from fairness.disclosure.sizes import Sizes, sizes_of
from fairness.groups import Grouping
from fairness.outcomes import Contrast, Names, Row
from fairness.statistics.estimates import number
from fairness.statistics.settings import Settings
from fairness.summary import shared_by
from fairness.tasks.measured import Measured

FURTHER = dict.fromkeys(("net_benefit",), DIGITS - 1)
"""Decimals of numbers that no row of a report has, where counts are withheld."""


@dataclass(frozen=True)
class Shown:
    """What may be shown of the groups of one report."""

    names: Names
    sizes: Sizes
    sharing: Mapping[str, Sharing]
    """By attribute, with that of everybody."""
    classes: tuple[int, ...]

    @classmethod
    def of(cls, measured: Measured, groupings: Sequence[Grouping], settings: Settings) -> "Shown":
        """Of the cases of a report, by its judged groupings."""
        y = measured.measures.positive
        sizes = sizes_of(measured.cases, y, settings)
        found = shared_by(groupings, measured.measures, sizes, settings)
        sharing = {
            name: replace(one, digits={**FURTHER, **one.digits}) for name, one in found.items()
        }
        return cls(measured.names, sizes, sharing, () if y is None else tuple(y.tolist()))

    def row(
        self,
        one: CaseSet,
        metric: str,
        numbers: tuple[float, float, float],
        method: str,
        reason: str | None,
    ) -> Row:
        """Value, low and high of one set as they may be shown; limits only where both are known."""
        value, low, high = map(number, numbers)
        bounded = None not in (value, low, high)
        row = Row(
            **asdict(self.names),
            attribute=one.attribute,
            group=one.group,
            metric=metric,
            value=value,
            low=low if bounded else None,
            high=high if bounded else None,
            method=method if bounded else None,
            n=len(one.rows),
            n_positive=sum(self.classes[i] for i in one.rows) if self.classes else None,
            reason=reason,
        )
        return self.sharing[one.attribute].row(row)

    def withheld(self, one: CaseSet) -> bool:
        """Whether counts of a set, or of another of its grouping, are withheld."""
        sharing = self.sharing[one.attribute]
        return sharing.rounded or one.group in sharing.grouping.withheld

    def contrast(self, contrast: Contrast) -> Contrast | None:
        """The difference as it may be shown; None where one of its groups is hidden."""
        return self.sharing[contrast.attribute].contrast(contrast)
