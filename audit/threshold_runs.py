"""`--threshold-runs`: the runs on validation whose scores and labels chose the threshold."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audit.compare.runs import Run, read_run
from audit.report.document import read_document
from audit.threshold import choose, read_rule
from fairness.arrays import FloatArray, IntArray
from fairness.contract import Threshold
from fairness.errors import DataError, UsageError
from fairness.outcomes import Cases, Names
from fairness.statistics.bootstrap import DEFINED
from fairness.statistics.redrawn import Redrawn, redrawn_thresholds
from fairness.statistics.settings import Settings
from fairness.tasks.binary import BinaryTask, outcomes_of

FLAG = "--threshold-runs"
MOST_OTHERWISE = 0.01
"""Share of validation samples that the rule may decide otherwise than the audited threshold:
scores of another runtime differ in their last digits."""


@dataclass(frozen=True)
class Operating:
    """How the audited model decides."""

    threshold: Threshold | None
    """None where it has none."""
    model_sha256: str = ""
    """Empty where it is not known."""


def redrawn_of(
    folders: Sequence[str], at: Operating, names: Names, cases: Cases, settings: Settings
) -> Redrawn | None:
    """Thresholds of redrawn validation patients; None where no run is named.

    Args:
        folders: of runs.
        at: the audited model's threshold, with its rule.
        names: of the audited model.
        cases: that are audited.
        settings: replicates and seed.

    Raises:
        UsageError: the threshold was not chosen by a rule, or not on these runs; a run is of
            another model or kind, or shares patients with the audited split or with another run.
        DataError: a run cannot be read, or is of one class.
    """
    if not folders:
        return None
    threshold = at.threshold
    rule = "fixed" if threshold is None else threshold.rule
    if threshold is None or rule.startswith("fixed"):
        raise UsageError(
            f"{FLAG}: the threshold was given as a number, nothing was chosen; give the "
            "threshold.json of fair-audit threshold with --threshold, which names its rule"
        )
    read_rule(rule, f"{FLAG}: the threshold's rule")
    taken, found = set(cases.patients), []
    for folder in folders:
        run = read_run(Path(folder))
        check_model(run, at, names)
        y, score = labelled(run)
        patients = run.answered.cases.patients
        if shared := len(taken & set(patients)):
            raise UsageError(
                f"{FLAG} {folder}: {shared} of its patients are audited, too, or in another of the "
                "runs; name runs on the split that chose the threshold, with ids of patients"
            )
        taken |= set(patients)
        found.append((y, score, np.array(patients)))
    y, score, patient = (np.concatenate(column) for column in zip(*found, strict=True))
    check_both(y, folders)
    check_chosen(threshold, y, score, folders)

    def by_rule(target: IntArray, of_target: FloatArray) -> float:
        return choose(target, of_target, rule)

    drawn = redrawn_thresholds(by_rule, y, score, patient, settings.replicates, settings.seed)
    if np.isfinite(drawn).mean() < DEFINED:
        raise DataError(
            f"{FLAG} {','.join(folders)}: too few positives or negatives: of patients drawn anew "
            "often all are alike"
        )
    return Redrawn(rule, len(np.unique(patient)), drawn)


def check_model(run: Run, at: Operating, names: Names) -> None:
    """Refuse a run of another model or kind.

    Raises:
        UsageError: it is one.
    """
    if not isinstance(run.task, BinaryTask):
        raise UsageError(
            f"{FLAG} {run.folder}: it is of {run.task.kind}, not of a classifier of two classes"
        )
    model = read_document(run.folder / "report" / "report.json").provenance["model"]
    own = model.get("model_sha256") if isinstance(model, dict) else None
    if run.name != names.model or (own and at.model_sha256 and own != at.model_sha256):
        raise UsageError(
            f"{FLAG} {run.folder}: it is of {run.name}, or of other weights of it, and "
            f"{names.model} is audited; name runs of the same model (--name, of files)"
        )


def labelled(run: Run) -> tuple[IntArray, FloatArray]:
    """Labels and scores of a run.

    Raises:
        UsageError: it has no labels.
    """
    if run.answered.labels is None:
        raise UsageError(f"{FLAG} {run.folder}: it has no labels, so it chose no threshold")
    outcomes = outcomes_of(run.answered)
    return outcomes.target, outcomes.score


def check_both(y: IntArray, folders: Sequence[str]) -> None:
    """Refuse runs of one class.

    Raises:
        DataError: they are.
    """
    if len(np.unique(y)) < 2:
        raise DataError(f"{FLAG} {','.join(folders)}: the labels are of one class only")


def check_chosen(
    threshold: Threshold, y: IntArray, score: FloatArray, folders: Sequence[str]
) -> None:
    """Refuse runs by which the rule chooses another threshold than the audited one.

    Raises:
        UsageError: it does, for more than `MOST_OTHERWISE` of their samples.
    """
    chosen = choose(y, score, threshold.rule)
    otherwise = int(((score >= chosen) != (score >= threshold.value)).sum())
    if otherwise > MOST_OTHERWISE * len(score):
        raise UsageError(
            f"{FLAG} {','.join(folders)}: {threshold.rule} chooses {chosen:.6g} there, not "
            f"{threshold.value:.6g}, and decides {otherwise} of {len(score)} samples otherwise; "
            "name the runs that chose the threshold"
        )
