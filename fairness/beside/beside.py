"""All numbers that are asked for beside a report."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fairness.beside.adjust import adjusted
from fairness.beside.adjust_by_model import modelled
from fairness.beside.adjustment import crossed
from fairness.beside.asked import Asked
from fairness.beside.at_chosen import at_chosen
from fairness.beside.decide import decisions, spreads_of_scores
from fairness.beside.model_tables import Modelled
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
from fairness.statistics.weighted import weights_of
from fairness.tasks.measured import Measured

RANGE = "--decision-range, or decision_range of the policy"


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
    by_model: list[Modelled] = []
    if asked.terms is not None:
        by_model = modelled(measured, scores, groupings, report, asked.terms, settings)
    chosen = None
    if asked.redrawn is not None:
        chosen = at_chosen(measured, scores, groupings, report, asked.redrawn, settings)
    return Beside(
        standardised=tuple(rows),
        standardised_pairs=tuple(pairs),
        standardised_note=note,
        adjusted=tuple(gaps),
        adjusted_note=adjusted_note(asked, settings, len(scores.positive)),
        over_sites=tuple(sites),
        modelled=tuple(by_model),
        modelled_note=modelled_note(asked, settings, len(scores.positive)),
        chosen=chosen,
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
        raise UsageError(f"{RANGE}: the scores are no probabilities; leave it out")
    at = (np.array(asked.thresholds), asked.prevalences, settings)
    found = tuple(decisions(measured, scores, groupings, *at))
    if weights_of(scores) is not None:
        # Scores and recalibrations of cases that were drawn unequally often are not offered.
        note = "; ".join(filter(None, (asked.range_said, "weighted")))
        return {"decisions_note": note, "decisions": found}
    return {
        "decisions_note": asked.range_said,
        "decisions": found,
        "scores": tuple(spreads_of_scores(measured, scores, groupings, settings)),
        "recalibrated": tuple(recalibrated(measured, scores, groupings, settings)),
    }


def adjusted_note(asked: Asked, settings: Settings, n: int) -> str:
    """Over what gaps are adjusted, and how many cases that leaves out."""
    if asked.adjustment is None:
        return ""
    stratum, _ = crossed(asked.adjustment.factors, n)
    return (
        f"standardised over {asked.adjustment.said()}; every group has the strata of all groups "
        f"together. {left_out(int((stratum < 0).sum()), settings)}"
    )


def modelled_note(asked: Asked, settings: Settings, n: int) -> str:
    """By what model gaps are adjusted, and how many cases that leaves out."""
    if asked.terms is None:
        return ""
    out = int((~np.isfinite(asked.terms.columns(n)).all(1)).sum())
    return (
        f"standardised by a logistic model of each rate on the group and {asked.terms.said()}, as "
        f"main effects; every group has the cases of all groups together. {left_out(out, settings)}"
    )


def left_out(out: int, settings: Settings) -> str:
    """How many cases lack a factor; of few no number."""
    told = "few" if 0 < out < settings.suppress_below else str(out)
    return f"{told} cases are left out, as one of these is not recorded"
