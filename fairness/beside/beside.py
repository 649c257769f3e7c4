"""All numbers that are asked for beside a report."""

from collections.abc import Sequence

from fairness.beside.asked import Asked
from fairness.beside.standardise import standardised
from fairness.beside.tables import Beside, Standardised
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
    notes: list[str] = []
    rows: list[Standardised] = []
    pairs: list[Contrast] = []
    if asked.prevalences is not None:
        args = (measured, scores, groupings, report, asked.prevalences, settings)
        rows, pairs = standardised(*args)
        notes.append(
            f"intended prevalence {asked.prevalences.said()}: the errors within each class are "
            f"taken to be those of the data. {UNAFFECTED}"
        )
    return Beside(notes=tuple(notes), standardised=tuple(rows), standardised_pairs=tuple(pairs))
