"""An earlier run on the same samples, for rules on the change."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from audit.records.columns import Columns
from audit.records.predictions import read_predictions
from fairness.attributes import Attribute
from fairness.contract import Threshold
from fairness.documents import parse_json
from fairness.errors import DataError, UsageError
from fairness.outcomes import Answered, Names
from fairness.statistics.measures import Measures
from fairness.statistics.settings import Settings
from fairness.tasks.task import Task


@dataclass(frozen=True)
class Baseline:
    """What an earlier run answered and measured."""

    folder: Path
    answered: Answered
    measures: tuple[Measures, ...]
    """In the order of the reports."""
    stored: tuple[str, ...]
    """Names of the values that both runs must hold."""

    def check(self, now: Answered, *, complete: bool) -> None:
        """Refuse a run on other samples.

        Args:
            now: the samples of this run.
            complete: whether the earlier run must hold every one of them, or some may be left out.

        Raises:
            UsageError: samples, labels or names of the values differ.
        """
        earlier, place = self.answered, {id_: i for i, id_ in enumerate(now.cases.ids)}
        names = {name for name in now.values if name in self.stored}
        if names != set(earlier.values):
            only = ", ".join(sorted(names ^ set(earlier.values))[:5])
            raise UsageError(
                f"--baseline {self.folder}: only one of the two runs has {only}; a change needs "
                "the same scores, and distances of masks in the same unit"
            )
        same = set(earlier.cases.ids) <= set(place)
        if complete:
            same = same and earlier.cases.ids == now.cases.ids
        if same and now.labels is not None and earlier.labels is not None:
            rows = [place[id_] for id_ in earlier.cases.ids]
            same = np.array_equal(earlier.labels, now.labels[rows])
        if not same:
            raise UsageError(
                f"--baseline {self.folder}: it scored other samples or other labels; a change "
                "needs the same split in both runs"
            )


def read_baseline(
    folder: Path, task: Task, attributes: tuple[Attribute, ...], settings: Settings
) -> Baseline:
    """Read the outcomes of an earlier run, and its threshold where it had one.

    Raises:
        DataError: the folder holds no outcomes, or no report.
        UsageError: the run is of another kind of model.
    """
    columns = Columns(attributes=tuple(a.name for a in attributes))
    found = read_predictions(folder / "records" / "outcomes.parquet", columns)
    if found.task is not type(task):
        raise UsageError(
            f"--baseline {folder}: it holds a {found.task.kind}, this is a {task.kind}"
        )
    if (earlier_names := found.choices.names) != task.names:
        raise UsageError(
            f"--baseline {folder}: it is of {', '.join(earlier_names)}, this of "
            f"{', '.join(task.names)}; a change needs the same in both runs"
        )
    threshold = threshold_of(folder) if task.has_threshold else None
    earlier = found.task.make(replace(found.choices, threshold=threshold))
    measured = earlier.measured(found.answered, Names("baseline", "", ""), settings)
    measures = tuple(one.measures for one in measured)
    return Baseline(folder, found.answered, measures, task.stored)


def threshold_of(folder: Path) -> Threshold:
    """The threshold at which an earlier run was judged, or those of its labels.

    Raises:
        DataError: the folder holds no report of a classifier.
    """
    path = folder / "report" / "report.json"
    try:
        document: Any = parse_json(path.read_bytes())
        said = document["provenance"]["threshold"]
        by_label = dict(said["by_label"]) if "by_label" in said else {}
        if any(type(value) not in (int, float) for value in (said["value"], *by_label.values())):
            raise ValueError("no number")
        by_label = {str(label): float(value) for label, value in by_label.items()}
        value = float(said["value"])
        return Threshold(value=value, rule="", split="", split_sha256="", by_label=by_label)
    except (OSError, ValueError, LookupError, TypeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no report of fair-audit"
        raise DataError(
            f"--baseline: {path}: {reason}; name the folder of a run of a classifier"
        ) from None
