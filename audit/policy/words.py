"""A rule of a policy in words."""

from audit.policy.objections import margin_of
from audit.policy.policy import Rule
from audit.policy.verdict import margin_text
from fairness.attributes import OVERALL


def in_words(rule: Rule) -> str:
    """`auc of race (pairs), Mass: <= 0.1`."""
    about: list[str] = [] if rule.scope == "groups" else [rule.scope]
    about += rule.groups or ()
    if rule.by == "estimate":
        about.append("estimate alone")
    scope = f" ({', '.join(about)})" if about else ""
    label = "" if rule.label is None else f", {rule.label}"
    margin = margin_text(*margin_of(rule))
    return f"{rule.metric} of {rule.attribute or OVERALL}{scope}{label}: {margin}"
