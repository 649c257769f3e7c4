"""Whether a served model answers as a reference does, and which group it fails."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from audit.compare.comparison import Comparison, compared
from audit.compare.runs import Run
from audit.flipped import ALTOGETHER
from audit.options import AnalysisOptions
from audit.parity.checks import (
    Check,
    Tolerances,
    Verdict,
    checks_of_answers,
    checks_of_changes,
)
from audit.parity.distances import Apart, distances, spread_of, usable_answers
from audit.plan_analysis import groupings_of
from fairness.attributes import OVERALL
from fairness.decided import taken
from fairness.disclosure.sizes import sizes_of
from fairness.errors import DataError
from fairness.suppression import protected

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Parity:
    """A served model against a reference: aggregates only, may be shared."""

    comparison: Comparison
    apart: tuple[Apart, ...]
    checks: tuple[Check, ...]
    tolerances: Tolerances
    spread: float
    """Largest minus smallest score of the reference: what a difference is to be seen beside."""

    @property
    def verdict(self) -> Verdict:
        """FAIL where any check fails, else INCONCLUSIVE where any is, else PASS."""
        found = {check.verdict for check in self.checks}
        worst: tuple[Verdict, ...] = ("FAIL", "INCONCLUSIVE", "PASS")
        return next(verdict for verdict in worst if verdict in found)

    def document(self) -> dict[str, Any]:
        """What parity.json holds."""
        return {
            "schema_version": SCHEMA_VERSION,
            "verdict": self.verdict,
            "tolerances": asdict(self.tolerances),
            "spread": self.spread,
            "apart": [asdict(one) for one in self.apart],
            "checks": [asdict(one) for one in self.checks],
            "comparison": self.comparison.document(),
        }


def parity_of(
    reference: Run, served: Run, options: AnalysisOptions, tolerances: Tolerances
) -> Parity:
    """Hold a served model against a reference that answered the same samples in the same order.

    Args:
        reference: all of its answers are usable.
        served: a score may be NaN or no probability; such samples fail a check of their own and
            are left out of the comparison, of all labels.
        options: groupings and statistics.
        tolerances: what is allowed.

    Raises:
        DataError: no answer of the served model is usable.
    """
    cases, task = served.answered.cases, served.task
    labels = None if task.of_labels else served.answered.labels
    sizes = sizes_of(cases, labels, options.settings)
    groupings = protected(*groupings_of(cases, options), sizes)
    of_labels = usable_answers(served)
    usable = of_labels[ALTOGETHER]
    if not usable.any():
        raise DataError(f"{served.name}: not one of its {len(usable)} answers is a probability")
    apart = distances(reference, served, of_labels, groupings)
    kept = np.flatnonzero(usable)
    left = len(usable) - len(kept)
    note = f"{left} samples are left out, whose served answer is no probability" if left else ""
    pair = (
        (reference, served)
        if not left
        else tuple(replace(run, answered=taken(run.answered, kept)) for run in (reference, served))
    )
    comparison = compared(pair[0], pair[1], options, note)
    few = sizes.few(sizes.everybody) is not None  # then nobody is counted, as in a report
    checks = checks_of_answers(apart, tolerances, few=few)
    checks += checks_of_changes(comparison.changes, apart, tolerances, task.kind)
    shown = tuple(one for one in apart if not (few and one.attribute == OVERALL))
    return Parity(comparison, shown, tuple(checks), tolerances, spread_of(reference))
