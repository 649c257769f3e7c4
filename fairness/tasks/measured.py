"""Cases of one way of asking, with what is measured of them: one set of tables in a report."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fairness.arrays import IntArray
from fairness.outcomes import Cases, Names, Outcomes
from fairness.statistics.case_scores import CaseScore
from fairness.statistics.measures import Measures


@dataclass(frozen=True)
class Measured:
    """Cases and their measures, under the names and in the tables of a report."""

    names: Names
    cases: Cases
    measures: Measures
    kind: str
    """Which tables people see: a key of `fairness.tasks.catalogue.TABLES`."""
    probabilities: Outcomes | None = None
    """What calibration curves are drawn of; None where the scores are no probabilities."""
    spread: tuple[CaseScore, ...] = ()
    """Scores of the cases whose distributions are shown."""
    meaningless: Mapping[str, str] = field(default_factory=dict)
    """Metrics that these cases cannot have, and why."""
    rows: IntArray | None = None
    """(m,) which of the answered samples the cases are, one after another; None: all, once."""
