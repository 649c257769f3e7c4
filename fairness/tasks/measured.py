"""One way in which a model was asked: whom the samples belong to, and what is measured of them."""

from dataclasses import dataclass

from fairness.mask_scores import mask_measures
from fairness.outcomes import CaseOutcomes, Cases, Outcomes
from fairness.statistics.binary import BinaryScores
from fairness.statistics.measures import Measures
from fairness.statistics.settings import Settings
from fairness.summary import Names


@dataclass(frozen=True)
class Audited:
    """One way in which a model was asked, and what came of it."""

    names: Names
    cases: Cases
    measures: Measures


def scored(outcomes: Outcomes, threshold: float, names: Names) -> Audited:
    """A binary classifier's answers, judged at a threshold."""
    bins = Settings().calibration_bins
    return Audited(names, outcomes, BinaryScores(outcomes.target, outcomes.score, threshold, bins))


def segmented(cases: CaseOutcomes, names: Names) -> Audited:
    """A segmentation model's masks, scored one by one."""
    return Audited(names, cases, mask_measures(cases.scores))
