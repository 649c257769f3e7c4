"""A threshold that is chosen on another split, in the same command as the audit."""

from dataclasses import fields, replace
from pathlib import Path

from audit.client.endpoint import ServedModel
from audit.options import AnalysisOptions, Options
from audit.plan import Plan, plan_audit
from audit.threshold import ChosenThreshold
from fairness.contract import Threshold
from fairness.errors import UsageError
from fairness.tasks.binary import BinaryTask
from fairness.tasks.multilabel import MultilabelTask

OF_CHOICE = Path("records", "threshold")
"""Where a run keeps the answers that its threshold was chosen by."""


def with_choice(options: Options, model: ServedModel, out: Path) -> Plan:
    """The plan of an audit, and in it that of the split on which its threshold is chosen, if any.

    Raises:
        UsageError, DataError: as `plan_audit`, of either split; or they share samples.
    """
    plan = plan_audit(options, model, out)
    if options.threshold_split is None:
        return plan
    if not isinstance(plan.task, BinaryTask | MultilabelTask):
        raise UsageError(
            f"--threshold-split {options.threshold_split} chooses thresholds of scores, and "
            f"'{model.name}' gives none that have one; leave it out"
        )
    asked = replace(
        options,
        analysis=AnalysisOptions(),
        split=options.threshold_split,
        threshold="0.5",  # no rate is reported of it
        threshold_split=None,
        worst=0,
    )
    choice = plan_audit(asked, model, out / OF_CHOICE)
    check_apart(plan, choice)
    check_both_values(choice)
    return replace(plan, choice=choice)


def check_apart(plan: Plan, choice: Plan) -> None:
    """Refuse to choose a threshold on samples that are audited with it.

    Raises:
        UsageError: the two splits are one, or share samples.
    """
    samples = zip(plan.split.ids, plan.split.image_checksums, strict=True)
    others = zip(choice.split.ids, choice.split.image_checksums, strict=True)
    shared = len(set(samples) & set(others))
    if shared or plan.split.fingerprint() == choice.split.fingerprint():
        raise UsageError(
            f"--threshold-split {choice.names.split}: {shared or 'all'} of its samples are in the "
            f"audited split {plan.names.split}, too, and rates at a threshold that was chosen on "
            "them are optimistic; choose it on another split"
        )


def check_both_values(choice: Plan) -> None:
    """Refuse a split in which one of several labels is the same wherever it is known.

    Raises:
        UsageError: it is; names the label.
    """
    if not isinstance(choice.task, MultilabelTask) or choice.split.labels is None:
        return
    for label, column in zip(choice.task.labels, choice.split.labels.T, strict=True):
        if len(set(column[column >= 0].tolist())) < 2:
            raise UsageError(
                f"--threshold-split {choice.names.split}: '{label}' has not both values there, so "
                "no threshold can be chosen for it; choose another split, or leave out the label"
            )


def at_threshold(plan: Plan, chosen: ChosenThreshold) -> Plan:
    """The plan with the threshold that was chosen, or that of each label."""
    task = plan.task
    if isinstance(task, MultilabelTask):
        task = replace(task, thresholds=tuple(map(chosen.of, task.labels)))
    else:
        assert isinstance(task, BinaryTask)
        task = replace(task, threshold=chosen.value)
    threshold = Threshold(**{one.name: getattr(chosen, one.name) for one in fields(Threshold)})
    return replace(plan, task=task, threshold=threshold, analysis=replace(plan.analysis, task=task))
