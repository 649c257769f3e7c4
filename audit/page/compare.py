"""The page of two runs: compare.html."""

from dataclasses import dataclass
from typing import Any

from audit.compare.comparison import Comparison
from audit.compare.levelling import Levelling
from audit.page.duel import duels, squares
from audit.page.render import environment
from audit.policy.verdict import label_of
from audit.report import layout
from audit.report.meanings import verdict_of
from fairness.attributes import OVERALL
from fairness.outcomes import Contrast, GroupReport
from fairness.tasks.catalogue import tables_of


@dataclass(frozen=True)
class OfLabel:
    """One label in everybody, in both runs."""

    label: str
    threshold: str
    """Of both runs; empty of classes."""
    before: str
    after: str
    change: str
    """With the interval that holds for all labels."""
    p: str
    """Joint, too."""


def compare_page(
    comparison: Comparison, template_name: str = "compare.html.jinja", **more: Any
) -> str:
    """One file of HTML, which needs no network and no script; every text in it is escaped.

    Args:
        comparison: of two runs.
        template_name: this page, or one that extends it.
        more: what only the other template shows.
    """
    template = environment().get_template(template_name)
    of_all = label_of(comparison.first)
    drawn = duels(comparison)
    judgement = comparison.judgement
    return template.render(
        first=comparison.first.rows[0].model,
        second=comparison.second.rows[0].model,
        about=comparison.about,
        label=next(iter(tables_of(comparison.first).groups)),
        levelling=[one for one in comparison.levelling if one.label == of_all],
        squares=squares((comparison.first, comparison.second), ("first", "second")),
        duels=drawn,
        labels=labels(comparison),
        of_labels=[one for one in comparison.levelling if one.label != of_all],
        flips=comparison.flips,
        verdict=verdict_of(judgement) if judgement else None,
        checks=judgement.checks if judgement else (),
        not_judged=comparison.not_judged,
        subject=layout.subject,
        limited=layout.limited,
        gap_change=gap_change,
        joint=joint,
        p_number=layout.p_number,
        **more,
    )


def labels(comparison: Comparison) -> list[OfLabel]:
    """The first number of each label in everybody; none where there is one label."""
    found = []
    for one, other in zip(comparison.first.also, comparison.second.also, strict=True):
        label, metric = label_of(one), next(iter(tables_of(one).groups.values()))
        for c in comparison.changes:
            if label and (c.label, c.attribute, c.metric) == (label, OVERALL, metric):
                before, after = (number_of_all(report, metric) for report in (one, other))
                threshold = thresholds(comparison, label)
                p = "" if c.p_adjusted is None else layout.p_number(c.p_adjusted)
                found.append(OfLabel(label, threshold, before, after, joint(c), p))
    return found


def thresholds(comparison: Comparison, label: str) -> str:
    """`0.5`, or `0.5, then 0.4`; empty of classes, which have none."""
    sides = (comparison.about[side].get("by_label", {}) for side in ("first", "second"))
    found = dict.fromkeys(f"{side[label]:.4g}" for side in sides if label in side)
    return ", then ".join(found)


def number_of_all(report: GroupReport, metric: str) -> str:
    """A number of everybody, as text."""
    rows = [row for row in report.rows if (row.attribute, row.metric) == (OVERALL, metric)]
    return layout.cell(rows[0], interval=False) if rows else layout.NOT_DEFINED


def gap_change(one: Levelling) -> str:
    """By how much a gap changed, with its joint interval."""
    return joint(one.gap_change)


def joint(change: Contrast) -> str:
    """A change with its joint interval, or why there is none."""
    if change.value is None:
        return change.reason or "not defined"
    return layout.limited(change.value, change.low_adjusted, change.high_adjusted)
