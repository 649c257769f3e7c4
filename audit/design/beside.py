"""A plan held against what was found: sizes, prevalence, true values, probabilities."""

from collections.abc import Iterator, Sequence

from scipy.special import ndtr

from audit.design.design import Design, Group
from audit.design.made import WHOLE
from audit.design.plan_file import Expected, WrittenPlan
from audit.policy.planned import NumberPlanned, Planned, RulePlanned
from audit.policy.verdict import Judgement, Verdict, strongest
from fairness.attributes import ALL, UNKNOWN_LABEL
from fairness.outcomes import GroupReport, Row

RATES = {"true_positive_rate": "tpr", "false_positive_rate": "fpr"}


def planned_beside(
    plan: WrittenPlan, judgement: Judgement, report: GroupReport, remarks: Sequence[str]
) -> Planned:
    """The plan beside a report; nothing is told that the report does not show.

    Args:
        plan: for the policy of the judgement.
        judgement: the verdicts.
        report: the first of the run.
        remarks: what was found out about the plan before.
    """
    verdicts: list[Verdict] = [
        strongest(check.verdict for check in judgement.checks if check.rule == k)
        for k in range(len(plan.rules))
    ]
    pairs = zip((*plan.rules, plan.whole), (*verdicts, judgement.verdict), strict=True)
    rows = {(row.attribute, row.group, row.metric): row for row in report.rows}
    return Planned(
        sha256=plan.sha256,
        written=plan.written,
        draws=plan.draws,
        rules=tuple(rule_beside(expected, verdict) for expected, verdict in pairs),
        numbers=tuple(numbers_beside(plan.design, rows)),
        remarks=(*remarks, *unplanned(plan.design, report)),
    )


def rule_beside(expected: Expected, verdict: Verdict) -> RulePlanned:
    """The probabilities of one rule, and its verdict."""
    return RulePlanned(
        rule=expected.rule or WHOLE,
        passes=expected.passes,
        fails=expected.fails,
        open=expected.open,
        verdict=verdict,
    )


def numbers_beside(
    design: Design, rows: dict[tuple[str, str, str], Row]
) -> Iterator[NumberPlanned]:
    """People, prevalence and true values of every group, then what was found."""
    for attribute in design.attributes:
        for group in attribute.groups:
            members = [g for g in design.groups if g.of[attribute.name] == group]
            for number, assumed in assumed_of(members).items():
                at = (attribute.name, group)
                row = rows.get((*at, number))
                found, low, high = (row.value, row.low, row.high) if row else (None,) * 3
                if number == "n":
                    any_row = next((r for key, r in rows.items() if key[:2] == at), None)
                    found = None if any_row is None else any_row.n
                yield NumberPlanned(
                    attribute=attribute.name,
                    group=group,
                    number=number,
                    assumed=assumed,
                    found=found,
                    low=low,
                    high=high,
                )


def assumed_of(members: Sequence[Group]) -> dict[str, float]:
    """People and numbers of a group that may consist of several of a design."""
    n = sum(g.n for g in members)
    found: dict[str, float] = {"n": n}
    for name in members[0].scores:
        found[name] = sum(g.n * g.scores[name].mean for g in members) / n
    if members[0].scores:
        return found
    scores = [g.binormal() for g in members]
    positive = [g.n * (g.prevalence or 0.0) for g in members]
    negative = [g.n - p for g, p in zip(members, positive, strict=True)]
    found["prevalence"] = sum(positive) / n
    won = 0.0
    for p, a in zip(positive, scores, strict=True):
        for q, b in zip(negative, scores, strict=True):
            won += p * q * float(ndtr((a.positive - b.negative) / (1 + a.spread**2) ** 0.5))
    found["auc"] = won / (sum(positive) * sum(negative))
    if all(g.tpr is not None or g.fpr is not None for g in members):
        shares = zip(positive, negative, scores, strict=True)
        rates = [(p * s.tpr, q * s.fpr) for p, q, s in shares]
        found["true_positive_rate"] = sum(r[0] for r in rates) / sum(positive)
        found["false_positive_rate"] = sum(r[1] for r in rates) / sum(negative)
    return found


def unplanned(design: Design, report: GroupReport) -> Iterator[str]:
    """Groups in the data that nobody planned, and planned ones that are not there."""
    for attribute in design.attributes:
        there = {
            row.group
            for row in report.rows
            if row.attribute == attribute.name and row.n != 0 and row.group != ALL
        }
        planned = {g.of[attribute.name] for g in design.groups}
        for words, groups in (
            ("not planned", there - planned - {UNKNOWN_LABEL}),
            ("planned, and not in the data", planned - there),
        ):
            if groups:
                yield f"{attribute.name}: {words}: {', '.join(sorted(groups))}"
        if UNKNOWN_LABEL in there - planned:
            yield f"{attribute.name}: that some people's group is unknown was not planned"
