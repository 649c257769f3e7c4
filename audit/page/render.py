"""The page: report.json in, one file of HTML out, which needs no network and no script."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from audit.page import curves, overview
from audit.page.decisions import decision_curves
from audit.page.forest import Forest, forest
from audit.page.glossary import glossary
from audit.page.heat import Heat, heats
from audit.page.sites import sites
from audit.page.spread import spreads
from audit.page.ways import ways
from audit.policy.verdict import label_of
from audit.report import layout, meanings, missing, planned
from audit.report.beside_tables import text_tables
from audit.report.document import Document
from audit.report.labels import HEADS, is_of_several, label_lines, label_notes
from audit.report.markdown import pair_lines
from audit.report.recorded import plain_attributes
from fairness.attributes import OVERALL
from fairness.outcomes import GroupReport
from fairness.tasks.catalogue import tables_of
from fairness.text import one_line, short


@dataclass(frozen=True)
class Curves:
    """What the bins of one attribute show."""

    attribute: str
    calibration: list[curves.Drawn]
    roc: list[curves.Drawn]
    histograms: list[curves.Histogram]


@dataclass(frozen=True)
class Part:
    """The sections of one way of asking."""

    title: str
    report: GroupReport
    forests: list[Forest]
    crossed: list[Forest]
    heats: list[Heat]
    gaps: list[layout.GapLine]
    pairs: list[tuple[str, ...]]
    pair_metric: str
    curves: list[Curves]
    footnotes: list[str]


@dataclass(frozen=True)
class OfLabel:
    """The section of one label or class."""

    label: str
    forest: Forest
    gaps: list[layout.GapLine]


def page(document: Document) -> str:
    """The page of a report, of its numbers alone.

    Args:
        document: as `read_document` gives it; every text in it may be hostile.
    """
    report, judgement = document.report(), document.judgement()
    whole = [one for one in (report, *report.also) if not label_of(one) or one is report]
    parts = [part_of(one) for one in whole]
    first = parts[0]
    attributes = plain_attributes(report)
    label, metric = next(iter(tables_of(report).groups.items()))
    template = environment().get_template("report.html.jinja")
    return template.render(
        report=report,
        about=report.provenance,
        headline=layout.headline(report),
        partial=meanings.partial_line(report.provenance),
        identity=meanings.identity_of(report),
        verdict=meanings.verdict_of(judgement),
        checks=judgement.checks if judgement else (),
        policy=judgement.policy if judgement else None,
        level=planned.level_lines(judgement) if judgement else (),
        planned=judgement.planned if judgement else None,
        plan_lines=planned.plan_lines,
        plan_rules=planned.RULES,
        plan_numbers=planned.NUMBERS,
        rule_cells=planned.rule_cells,
        number_cells=planned.number_cells,
        subject=layout.subject,
        limited=layout.limited,
        worst=overview.worst_groups(report),
        cohort=overview.cohort(report),
        limits=overview.limits(report),
        main=forest(report, label, metric, attributes, mark_lowest=True),
        parts=parts,
        first=first,
        heads=HEADS,
        labels=label_lines(report) if is_of_several(report) else [],
        label_notes=label_notes(report) if is_of_several(report) else [],
        of_labels=[of_label(one) for one in report.also if label_of(one)],
        spreads=spreads(report),
        sites=sites(report),
        ways=ways(report),
        beside=text_tables(document.beside),
        decision_curves=decision_curves(document.beside),
        words=glossary(whole),
        families=report.provenance.get("families", ()),
        compat=document.compat,
        flow=document.flow,
        missing=[
            (missing.CELLS, missing.cell_lines(report)),
            (missing.TESTS, missing.test_lines(report)),
            (missing.RANGES, missing.range_lines(report)),
        ],
        missing_notes=missing.withheld_lines(report),
        unrecorded=report.unrecorded,
        percent=percent,
        facts=facts(report.provenance),
        overall=OVERALL,
    )


def of_label(report: GroupReport) -> OfLabel:
    """What the page shows of one label; the files beside it hold the rest."""
    label, metric = next(iter(tables_of(report).groups.items()))
    attributes = plain_attributes(report)
    drawn = forest(report, label, metric, attributes, mark_lowest=True)
    return OfLabel(label_of(report), drawn, layout.gap_lines(report))


def part_of(report: GroupReport) -> Part:
    """What the sections of one way of asking show."""
    plain = plain_attributes(report)
    present = {row.metric for row in report.rows}
    names = dict.fromkeys(row.attribute for row in report.rows if row.attribute != OVERALL)
    derived = [name for name in names if name not in plain]
    shown = [(k, m) for k, m in tables_of(report).groups.items() if m in present]
    return Part(
        title=report.rows[0].model,
        report=report,
        forests=[forest(report, label, metric, plain) for label, metric in shown],
        crossed=[forest(report, label, metric, derived) for label, metric in shown[:1] if derived],
        heats=heats(report),
        gaps=layout.gap_lines(report),
        pairs=pair_lines(report),
        pair_metric=shown[0][0],
        curves=[
            Curves(
                attribute,
                curves.calibration(report, attribute),
                curves.roc(report, attribute),
                curves.histograms(report, attribute),
            )
            for attribute in curves.attributes_with_curves(report)
        ],
        footnotes=layout.footnotes(report),
    )


def percent(share: float | None) -> str:
    """`4.2 %`, or that it is not shown."""
    return "not shown" if share is None else f"{100 * share:.1f} %"


def facts(about: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """The provenance as lines: name and value, nested names joined by dots."""
    found: list[tuple[str, str]] = []
    for name, value in about.items():
        if isinstance(value, Mapping):
            found += facts(value, f"{prefix}{name}.")
        elif name != "families" and value not in (None, "", [], ()):
            found.append((f"{prefix}{name}", one_line(value)))
    return found


@cache
def environment() -> Environment:
    """Templates with every text escaped, and an error for every name that is not there.

    One for all pages of a process, so that each template is compiled once.
    """
    found = Environment(
        loader=PackageLoader("audit.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["short"] = short
    return found
