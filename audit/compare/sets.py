"""Sets of cases whose counts and tests may be shown: everybody, and groups."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairness.arrays import IntArray
from fairness.attributes import ALL, OVERALL
from fairness.disclosure.sizes import FEW, Sizes
from fairness.groups import Grouping


@dataclass(frozen=True)
class CaseSet:
    """One group, or everybody."""

    attribute: str
    group: str
    rows: IntArray


def shown_sets(groupings: Sequence[Grouping], sizes: Sizes) -> list[CaseSet]:
    """Everybody, unless they are few, and every group with cases whose counts are shown.

    Args:
        groupings: judged, as `fairness.suppression.protected` gives them.
        sizes: of the same cases.
    """
    everybody = np.arange(len(sizes.patients))
    found = [] if sizes.few(sizes.everybody) else [CaseSet(OVERALL, ALL, everybody)]
    for grouping in groupings:
        untold = (grouping.hidden or frozenset()) | grouping.withheld
        for code, group in enumerate(grouping.attribute.groups):
            rows = np.flatnonzero(grouping.codes == code)
            if group not in untold and len(rows):
                found.append(CaseSet(grouping.attribute.name, group, rows))
    return found


def told(n: int, sizes: Sizes) -> int | None:
    """The number of all samples; None where so few people must not be counted."""
    return None if sizes.few(sizes.everybody) == FEW else n
