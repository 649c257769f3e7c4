"""Measured cases > GroupReport: the analysis under the report's names, small groups hidden."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from hashlib import blake2b
from typing import Any

import numpy as np

from fairness.arrays import BoolArray
from fairness.attributes import ALL, OVERALL, UNKNOWN, UNKNOWN_LABEL, Attribute
from fairness.curves import curves
from fairness.disclosure.rounding import without_numbers
from fairness.disclosure.sharing import Sharing, sharing
from fairness.disclosure.sizes import FEW, Sizes, sizes_of
from fairness.distributions import distributions
from fairness.groups import Grouping, plain
from fairness.outcomes import Contrast, Estimate, GroupReport, Row
from fairness.statistics.analyse import Analysis, analyse
from fairness.statistics.families import (
    adjusted_over_labels,
    families_of_gaps,
    families_of_pairs,
)
from fairness.statistics.measures import Measures
from fairness.statistics.replicated import said_of_bins, silent
from fairness.statistics.settings import Settings
from fairness.suppression import judged
from fairness.tasks.measured import Measured


def summarise(
    measured: Measured,
    groupings: Sequence[Grouping],
    provenance: Mapping[str, Any],
    settings: Settings,
) -> GroupReport:
    """Rows over the whole split, then grouping by grouping; contrasts between groups.

    `provenance` says what was measured, on what, with what; the settings are added to it.
    """
    return summarise_all([measured], [groupings], provenance, settings)


def summarise_all(
    measured: Sequence[Measured],
    groupings: Sequence[Sequence[Grouping]],
    provenance: Mapping[str, Any],
    settings: Settings,
    reached: Callable[[float], None] = silent,
) -> GroupReport:
    """The report of the first, with those of the others as `also`; labels are tested together.

    Args:
        measured: in the order of the reports.
        groupings: of the cases of each.
        provenance: what was measured, on what, with what; the settings are added to it.
        settings: of the statistics.
        reached: hears the share of the work that is done, now and then.
    """
    done = 0.0

    def tell(more: float) -> None:
        nonlocal done
        done += more / len(measured)
        reached(done)

    sizes = [sizes_of(one.cases, one.measures.positive, settings) for one in measured]
    divided = [judged(of_one, size) for of_one, size in zip(groupings, sizes, strict=True)]
    analyses = [
        analyse(one.measures, size.patients, of_one, settings, tell)
        for one, size, of_one in zip(measured, sizes, divided, strict=True)
    ]
    analyses = tested_together(measured, analyses, settings)
    parts = zip(measured, analyses, divided, sizes, strict=True)
    first, *others = [report_of(*part, provenance, settings) for part in parts]
    return replace(first, also=tuple(others))


def tested_together(
    measured: Sequence[Measured], analyses: Sequence[Analysis], settings: Settings
) -> list[Analysis]:
    """The analyses, where labels are one family of tests with p-values adjusted over them."""
    labelled = [k for k, one in enumerate(measured) if one.names.label]
    if not labelled:
        return list(analyses)
    named = {
        k: [replace(c, label=measured[k].names.label) for c in analyses[k].contrasts]
        for k in labelled
    }
    every = [contrast for of_one in named.values() for contrast in of_one]
    summaries = measured[labelled[0]].measures.summaries
    of_gaps = {summary.name for summary in summaries}
    gaps = [contrast for contrast in every if contrast.metric in of_gaps]
    pairs = [contrast for contrast in every if contrast.metric not in of_gaps]
    families = (*families_of_pairs(pairs), *families_of_gaps(gaps, settings))
    adjusted = iter(adjusted_over_labels(every, summaries, settings))
    found = list(analyses)
    for k, of_one in named.items():
        contrasts = tuple(next(adjusted) for _ in of_one)
        found[k] = replace(analyses[k], contrasts=contrasts, families=families)
    return found


def report_of(
    measured: Measured,
    analysis: Analysis,
    groupings: Sequence[Grouping],
    sizes: Sizes,
    provenance: Mapping[str, Any],
    settings: Settings,
) -> GroupReport:
    """An analysis under the report's names, without what must not be shown."""
    shared = shared_by(groupings, measured.measures, sizes, settings)
    rows = []
    for estimate in once(analysis.estimates, groupings, measured.measures):
        row = Row(**asdict(measured.names), **asdict(estimate))
        if row.metric in measured.meaningless:
            reason = measured.meaningless[row.metric]
            row = replace(without_numbers(row), method=None, reason=reason)
        rows.append(shared[row.attribute].row(row))
    contrasts = [
        shared[contrast.attribute].contrast(contrast)
        for contrast in analysis.contrasts
        if contrast.metric not in measured.meaningless
    ]
    drawn = measured.probabilities
    bins = said_of_bins(measured.measures, len(sizes.patients), settings)
    statistics: dict[str, object] = {
        "statistics": settings.document(binned=bool(bins)),
        "families": list(analysis.families),
    }
    if bins:
        statistics["bootstrap"] = bins
    if sizes.few(sizes.everybody) == FEW and "data" in provenance:
        statistics["data"] = {**provenance["data"], "n": None}
        statistics["speed"] = None  # rate and seconds would tell the number of images
        statistics["delivery"] = None  # so would the number of requests
        for name in ("shards", "replicas"):  # and what each of them did
            if name in provenance:
                statistics[name] = None
    return GroupReport(
        rows=tuple(rows),
        contrasts=tuple(contrast for contrast in contrasts if contrast is not None),
        curves=() if drawn is None else curves(drawn, groupings, settings),
        distributions=distributions(measured.spread, groupings, sizes, settings),
        provenance={**provenance, **statistics},
        kind=measured.kind,
    )


def shared_by(
    groupings: Sequence[Grouping], measures: Measures, sizes: Sizes, settings: Settings
) -> dict[str, Sharing]:
    """What may be shown of each judged grouping, and of the whole split, by attribute."""
    few = sizes.few(sizes.everybody)
    overall = replace(
        plain(Attribute(OVERALL, ()), np.zeros(len(sizes.patients), dtype=np.int64)),
        hidden=frozenset([ALL] if few else []),
        reasons={ALL: few} if few else {},
    )
    return {
        grouping.attribute.name: sharing(grouping, measures, sizes, 1 - settings.confidence)
        for grouping in (overall, *groupings)
    }


def once(
    estimates: Sequence[Estimate], groupings: Sequence[Grouping], measures: Measures
) -> list[Estimate]:
    """The estimates, those of the same cases the same: intervals differ by chance between runs."""
    metrics = {metric.name for metric in measures.metrics}
    n = max((estimate.n or 0 for estimate in estimates), default=0)
    cases = {(OVERALL, ALL): digest(np.ones(n, dtype=bool))}
    for grouping in groupings:
        codes, name = grouping.codes, grouping.attribute.name
        cases[name, UNKNOWN_LABEL] = digest(codes == UNKNOWN)
        cases[name, ALL] = digest(codes >= 0)
        for code, group in enumerate(grouping.attribute.groups):
            cases[name, group] = digest(codes == code)
    first: dict[tuple[bytes, str], Estimate] = {}
    found = []
    for one in estimates:
        if one.metric in metrics:
            same = first.setdefault((cases[one.attribute, one.group], one.metric), one)
            one = replace(same, attribute=one.attribute, group=one.group)
        found.append(one)
    return found


def digest(inside: BoolArray) -> bytes:
    """What tells sets of cases (n,) apart."""
    return blake2b(np.packbits(inside).tobytes(), digest_size=16).digest()


def shared_changes(
    changes: Sequence[Contrast],
    groupings: Sequence[Grouping],
    measured: Measured,
    settings: Settings,
) -> list[Contrast]:
    """Changes against an earlier run as they may be shown, those of hidden groups without numbers.

    `groupings` are judged, as `fairness.suppression.protected` gives them.
    """
    sizes = sizes_of(measured.cases, measured.measures.positive, settings)
    shared = shared_by(groupings, measured.measures, sizes, settings)
    return [shared[change.attribute].change(change) for change in changes]
