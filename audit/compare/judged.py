"""The rules of a policy on a change, held against a comparison."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from audit.compare.comparison import Comparison, parts_of
from audit.compare.runs import Run
from audit.options import AnalysisOptions
from audit.plan_analysis import check_policy, groupings_of
from audit.policy.policy import Policy, read_policy
from audit.policy.verdict import judge
from audit.policy.words import in_words
from fairness.errors import UsageError
from fairness.suppression import reported


def change_policy(path: Path, run: Run, options: AnalysisOptions) -> tuple[Policy, tuple[str, ...]]:
    """The rules of a policy on a change, and in words the others, which only an audit can judge.

    Args:
        path: of the policy.
        run: the reference, whose groups and numbers the rules must name.
        options: groupings.

    Raises:
        UsageError: it cannot be read, has no rule on a change, or names what there is not.
    """
    policy = read_policy(path)
    rules = tuple(rule for rule in policy.rules if rule.change)
    if not rules:
        raise UsageError(
            f"--policy {path}: no rule is on a change (change: true), and compare judges no other; "
            "hold the others to a run with fair-audit report --policy"
        )
    if policy.family != "none":
        raise UsageError(
            f"--policy {path}: compare judges every change alone; leave out its family, or hold "
            "the changes to a run with fair-audit report --policy --baseline"
        )
    kept = policy.model_copy(update={"rules": rules})
    groupings = reported(*groupings_of(run.answered.cases, options))
    measured = parts_of(run, options.settings)
    check_policy(kept, run.task, measured, groupings, with_baseline=True)
    return kept, tuple(in_words(rule) for rule in policy.rules if not rule.change)


def judged(comparison: Comparison, policy: Policy, not_judged: Sequence[str]) -> Comparison:
    """The comparison with the verdict of rules on a change."""
    judgement = judge(policy, comparison.second, comparison.changes)
    return replace(comparison, judgement=judgement, not_judged=tuple(not_judged))
