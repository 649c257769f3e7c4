"""A rule of a policy in words."""

from audit.policy.objections import margin_of
from audit.policy.policy import Rule
from audit.policy.verdict import margin_text
from fairness.attributes import OVERALL

ABOUT = {"groups": "each group of", "gap": "over the groups of", "pairs": "each pair of"}


def rule_text(rule: Rule) -> str:
    """`auc, each group of race, >= 0.75`."""
    where = OVERALL if rule.attribute is None else f"{ABOUT[rule.scope]} {rule.attribute}"
    if rule.groups is not None:
        where += f" ({', '.join(rule.groups)})"
    label = f"{rule.label}: " if rule.label else ""
    change = "change of " if rule.change else ""
    alone = ", estimate alone" if rule.by == "estimate" else ""
    return f"{label}{change}{rule.metric}, {where}, {margin_text(*margin_of(rule))}{alone}"
