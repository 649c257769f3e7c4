"""Changes of each metric against an earlier run on the same samples, by a paired bootstrap."""

from collections.abc import Sequence

import numpy as np

from fairness.attributes import ALL, OVERALL, Attribute
from fairness.groups import Grouping, plain
from fairness.outcomes import Contrast
from fairness.statistics.bootstrap import resampled_variance, units_of
from fairness.statistics.estimates import number
from fairness.statistics.measures import Measures
from fairness.statistics.sampled import sample
from fairness.statistics.settings import Settings


def changes(
    new: Measures,
    old: Measures,
    patients: Sequence[str],
    groupings: Sequence[Grouping],
    settings: Settings,
) -> list[Contrast]:
    """Differences new minus old of every metric but norms, in every group and overall.

    Both are measured on the same samples and share every bootstrap weight, so what the two have in
    common cancels. Limits are `value +- q * standard error`, clustered by patient (n,). `group_a`
    of a contrast is the group (`all` for overall), `group_b` is `baseline`; there are no p-values.
    """
    units = units_of(np.array(patients))
    everyone = plain(Attribute(OVERALL, (ALL,)), np.zeros(len(units), dtype=np.int64))
    found = []
    for grouping in (everyone, *groupings):
        cells = [np.flatnonzero(grouping.codes == g) for g in range(len(grouping.attribute.groups))]
        pair = [
            sample(m, cells, units, grouping.codes, settings, np.random.default_rng(settings.seed))
            for m in (new, old)
        ]
        value = pair[0].values - pair[1].values  # (C, M)
        moved = pair[0].replicates - pair[1].replicates  # (C, M, R)
        error = np.sqrt(resampled_variance(moved, np.minimum(pair[0].patients, pair[1].patients)))
        for c, group in enumerate(grouping.attribute.groups):
            for m, metric in enumerate(new.metrics):
                if metric.kind == "norm":  # its replicates are distances: no difference of two
                    continue
                centre, half = value[c, m], settings.quantile * error[c, m]
                names = (grouping.attribute.name, metric.name, group, "baseline")
                numbers = (number(centre), number(centre - half), number(centre + half))
                found.append(Contrast(*names, *numbers, None, None, None))
    return found
