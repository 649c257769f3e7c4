"""All numbers that are asked for beside a report."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fairness.beside.adjust import adjusted
from fairness.beside.adjustment import crossed
from fairness.beside.asked import Asked
from fairness.beside.decide import decisions, spreads_of_scores
from fairness.beside.over_sites import of_sites
from fairness.beside.recalibrate import recalibrated
from fairness.beside.standardise import standardised
from fairness.beside.tables import Adjusted, Beside, OfSites, Standardised
from fairness.errors import UsageError
from fairness.groups import Grouping
from fairness.outcomes import Contrast, GroupReport
from fairness.statistics.binary import BinaryScores
from fairness.statistics.settings import Settings
from fairness.statistics.standardised import UNAFFECTED
from fairness.tasks.measured import Measured


def beside_of(
    measured: Measured,
    groupings: Sequence[Grouping],
    report: GroupReport,
    asked: Asked,
    settings: Settings,
) -> Beside | None:
    """What was asked for, of the cases of a binary classifier; None where nothing was.

    Args:
        measured: the cases.
        groupings: judged, as the report has them.
        report: of them.
        asked: checked against the samples.
        settings: of the report.
    """
    scores = measured.measures
    if not isinstance(scores, BinaryScores) or asked == Asked():
        return None
    note = ""
    rows: list[Standardised] = []
    pairs: list[Contrast] = []
    if asked.prevalences is not None:
        args = (measured, scores, groupings, report, asked.prevalences, settings)
        rows, pairs = standardised(*args)
        note = (
            f"intended prevalence {asked.prevalences.said()}: the errors within each class are "
            f"taken to be those of the data. {UNAFFECTED}"
        )
    gaps: list[Adjusted] = []
    sites: list[OfSites] = []
    if asked.adjustment is not None:
        gaps = adjusted(measured, scores, groupings, report, asked.adjustment, settings)
        sites = of_sites(measured, scores, groupings, asked.adjustment, settings)
    return Beside(
        standardised=tuple(rows),
        standardised_pairs=tuple(pairs),
        standardised_note=note,
        adjusted=tuple(gaps),
        adjusted_note=adjusted_note(asked, settings, len(scores.positive)),
        over_sites=tuple(sites),
        **utility(measured, scores, groupings, asked, settings),
    )


def utility(
    measured: Measured,
    scores: BinaryScores,
    groupings: Sequence[Grouping],
    asked: Asked,
    settings: Settings,
) -> dict[str, Any]:
    """Parts of `Beside` on what decisions are worth.

    Raises:
        UsageError: the scores are no probabilities, so that a threshold says nothing of costs.
    """
    if not asked.thresholds:
        return {}
    if measured.meaningless:
        raise UsageError("--decision-range: the scores are no probabilities; leave it out")
    at = (np.array(asked.thresholds), asked.prevalences, settings)
    return {
        "decisions": tuple(decisions(measured, scores, groupings, *at)),
        "scores": tuple(spreads_of_scores(measured, scores, groupings, settings)),
        "recalibrated": tuple(recalibrated(measured, scores, groupings, settings)),
    }


def adjusted_note(asked: Asked, settings: Settings, n: int) -> str:
    """Over what gaps are adjusted, and how many cases that leaves out."""
    if asked.adjustment is None:
        return ""
    stratum, _ = crossed(asked.adjustment.factors, n)
    out = int((stratum < 0).sum())
    told = "few" if 0 < out < settings.suppress_below else str(out)
    return (
        f"standardised over {asked.adjustment.said()}; every group has the strata of all groups "
        f"together. {told} cases are left out, as one of these is not recorded"
    )
