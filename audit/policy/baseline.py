"""What an earlier run measured of the same samples, for rules on the change."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from fairness.tasks.measured import Audited
from audit.records.predictions import Columns, read_predictions
from fairness.errors import DataError, UsageError
from fairness.mask_scores import mask_measures
from fairness.outcomes import CaseOutcomes, Outcomes
from fairness.statistics.binary import BinaryScores
from fairness.statistics.measures import Measures


def before(folder: Path, now: Audited) -> Measures:
    """What an earlier run measured of the same samples.

    Raises:
        DataError: the folder holds no outcomes, or no report.
        UsageError: the run is about other samples.
    """
    path = folder / "records" / "outcomes.parquet"
    other = UsageError(
        f"--baseline {folder}: it scored other samples or other labels; a change needs the "
        "same split in both runs"
    )
    columns = Columns(attributes=tuple(a.name for a in now.cases.attributes))
    earlier = read_predictions(path, columns).outcomes
    if earlier.ids != now.cases.ids:
        raise other
    if isinstance(earlier, CaseOutcomes) and isinstance(now.cases, CaseOutcomes):
        if set(earlier.scores) != set(now.cases.scores):
            raise other
        return mask_measures(earlier.scores)
    if not isinstance(earlier, Outcomes) or not isinstance(now.measures, BinaryScores):
        raise other
    if not np.array_equal(earlier.target, now.measures.positive):
        raise other
    return replace(now.measures, score=earlier.score, threshold=threshold_of(folder))


def threshold_of(folder: Path) -> float:
    """The threshold at which an earlier run was judged.

    Raises:
        DataError: the folder holds no report of a classifier.
    """
    path = folder / "report" / "report.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return float(document["provenance"]["threshold"]["value"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no report of fair-audit"
        raise DataError(f"--baseline: {path}: {reason}") from None
