"""Refuses a policy about numbers that the report will not have: they would never be checked."""

from collections.abc import Mapping, Sequence

from audit.policy.policy import Policy, Rule
from fairness.attributes import ALL, OVERALL, UNKNOWN_LABEL
from fairness.errors import UsageError
from fairness.groups import Grouping
from fairness.statistics.measures import Measures


def check_rules(
    policy: Policy,
    measures: Mapping[str, Sequence[Measures]],
    groupings: Sequence[Grouping],
    *,
    with_baseline: bool,
) -> None:
    """Check the attribute, group, metric and scope of every rule.

    Args:
        policy: the rules.
        measures: what is reported of each group, and over all of them, by label; under no label
            what is reported of one, or of all together.
        groupings: whose groups are reported.
        with_baseline: whether there is an earlier run, which rules on a change need.

    Raises:
        UsageError: a rule names what there is not.
    """
    groups = {g.attribute.name: {*g.attribute.groups, UNKNOWN_LABEL, ALL} for g in groupings}
    for rule in policy.rules:
        if rule.change and not with_baseline:
            raise UsageError(f"policy '{policy.name}': a rule on the change needs --baseline RUN")
        labels = [label for label in measures if label]
        if rule.label is not None and rule.label not in (labels and ["*", *labels]):
            there = f"labels {', '.join(labels)}, or '*'" if labels else "no labels"
            raise UsageError(
                f"policy '{policy.name}': no label '{rule.label}' (the report has {there})"
            )
        wanted = labels if rule.label == "*" else [rule.label or ""]
        for label in wanted:
            _check_rule(policy, rule, measures.get(label, ()), {OVERALL: {ALL}, **groups})


def _check_rule(
    policy: Policy, rule: Rule, measures: Sequence[Measures], groups: dict[str, set[str]]
) -> None:
    attribute = rule.attribute or OVERALL
    where = f"policy '{policy.name}': {rule.metric} of {attribute}"
    if attribute not in groups:
        raise UsageError(f"{where}: no such attribute (the report has: {', '.join(groups)})")
    of_groups = rule.metric in {metric.name for one in measures for metric in one.metrics}
    over_groups = rule.metric in {summary.name for one in measures for summary in one.summaries}
    if not of_groups and (attribute == OVERALL or not over_groups):
        raise UsageError(f"{where}: no such number; report/groups.csv lists all")
    if attribute != OVERALL and over_groups != (rule.scope == "gap"):
        raise UsageError(
            f"{where}: its scope must be {'gap' if over_groups else 'groups, or pairs'}"
        )
    if absent := set(rule.groups or ()) - groups[attribute]:
        raise UsageError(f"{where}: no group {', '.join(sorted(absent))}; correct the rule")
