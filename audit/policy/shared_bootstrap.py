"""The numbers that rules of a policy look at, for a bootstrap that all of them share."""

from collections.abc import Iterator, Sequence

import numpy as np

from audit.policy.policy import Policy, Rule
from audit.policy.verdict import is_wanted
from fairness.arrays import IntArray
from fairness.attributes import ALL, UNKNOWN, UNKNOWN_LABEL
from fairness.disclosure.sizes import sizes_of
from fairness.groups import Grouping
from fairness.statistics.measures import Measures
from fairness.statistics.settings import Settings
from fairness.statistics.shared_level import Held, shared_error, smallest_p
from fairness.tasks.measured import Measured


def shared_error_of(
    policy: Policy,
    measured: Sequence[Measured],
    groupings: Sequence[Sequence[Grouping]],
    settings: Settings,
) -> float:
    """Error of one number at which all numbers of a policy err together in 1 - confidence.

    Args:
        policy: whose rules by interval count.
        measured: in the order of the reports.
        groupings: of the cases of each, judged.
        settings: of the analyses.
    """
    parts, number = [], 0
    for k, (one, of_one) in enumerate(zip(measured, groupings, strict=True)):
        held = [
            found
            for rule in policy.rules
            if rule.by == "interval" and speaks_of(rule, one, measured)
            for found in held_by(rule, one.measures, of_one)
        ]
        if held:
            units = sizes_of(one.cases, one.measures.positive, settings).patients
            parts.append(smallest_p(one.measures, units, held, settings, seed=k))
            number += len(held)
    wrong = 1 - settings.confidence
    return shared_error(parts, number, settings.confidence) if number else wrong


def speaks_of(rule: Rule, one: Measured, measured: Sequence[Measured]) -> bool:
    """Whether a rule is on this report: of its label, or the first of all without one."""
    if rule.label is not None:
        return bool(one.names.label) and rule.label in ("*", one.names.label)
    if one.names.label:
        return False
    having = [other for other in measured if not other.names.label and has(rule, other.measures)]
    return bool(having) and having[0] is one


def has(rule: Rule, measures: Measures) -> bool:
    """Whether there is such a number."""
    names = {metric.name for metric in measures.metrics}
    return rule.metric in names | {summary.name for summary in measures.summaries}


def held_by(rule: Rule, measures: Measures, groupings: Sequence[Grouping]) -> Iterator[Held]:
    """The numbers of one rule; those without replicates of their own have no sets."""
    if rule.attribute is None:
        everybody = np.arange(len(groupings[0].codes)) if groupings else np.arange(0)
        yield Held((rule.metric,), () if rule.change else (everybody,))
        return
    grouping = next(g for g in groupings if g.attribute.name == rule.attribute)
    sets = sets_of(grouping)
    groups = tuple(rows for name, rows in sets.items() if name not in (ALL, UNKNOWN_LABEL))
    if rule.scope == "groups":
        for name, rows in sets.items():
            if is_wanted(rule, name):
                yield Held((rule.metric,), () if rule.change else (rows,))
    elif rule.scope == "pairs":
        yield Held((rule.metric,), groups)
    else:
        (summary,) = (one for one in measures.summaries if one.name == rule.metric)
        yield Held(summary.metrics, groups if summary.kind == "difference" else ())


def sets_of(grouping: Grouping) -> dict[str, IntArray]:
    """Cases of every group that may be shown, of the unknown and of all, by name."""
    names = grouping.attribute.groups
    rows = {name: np.flatnonzero(grouping.codes == code) for code, name in enumerate(names)}
    rows[UNKNOWN_LABEL] = np.flatnonzero(grouping.codes == UNKNOWN)
    rows[ALL] = np.flatnonzero(grouping.codes >= 0)
    hidden = grouping.hidden or frozenset()
    return {name: found for name, found in rows.items() if found.size and name not in hidden}
