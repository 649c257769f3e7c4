"""Plans an audit: everything that can be refused is refused here, before a sample is sent.

`plan_audit` builds one validated object from the options, the split and the served model's
description; the rest of the run only computes from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audit.audited_split import opened_split
from audit.client.endpoint import ServedModel
from audit.design.plan_file import plan_identity
from audit.options import Options
from audit.out_folder import check_unmixed, check_writable
from audit.plan_analysis import AnalysisPlan, plan_analysis
from audit.records.journal import check_run
from audit.records.lock import check_unlocked
from audit.records.sameness import digest_of_ids
from audit.sample_probes import FoundProbes, found_probes
from audit.sizes import of_size, within_memory
from audit.table_flags import is_table
from audit.threshold import read_rule, read_threshold
from audit.threshold_runs import Operating
from fairness.arrays import IntArray
from fairness.attributes import UNKNOWN, Attribute
from fairness.contract import ModelSpec, Threshold
from fairness.datasets.reader import Split
from fairness.errors import DataError, UsageError
from fairness.evaluate import unanswered
from fairness.group_input import check_groups
from fairness.outcomes import Names
from fairness.samples import cut
from fairness.tasks.catalogue import TASKS
from fairness.tasks.task import Choices, Task

JOURNAL = Path("records", "journal.sqlite")
"""Where a run's folder keeps its journal."""


@dataclass(frozen=True)
class Plan:
    """One audit of one model on one split, with everything checked that can be checked before."""

    options: Options
    model: ServedModel
    task: Task
    split: Split
    attributes: tuple[Attribute, ...]
    """Whose groups are compared."""
    threshold: Threshold | None
    """None where the model has none."""
    names: Names
    analysis: AnalysisPlan
    out: Path
    identity: Mapping[str, str]
    """What a resumed run must share with the one that it continues."""
    probes: FoundProbes | None = None
    """Recorded of a described model, and looked for in the split."""
    choice: "Plan | None" = None
    """Of the split on which the threshold is chosen first, where one is."""

    def cuts(self) -> Sequence[IntArray]:
        """The batches, as numbers of samples: a function of the split and the batch size alone.

        Of a shard its own of them.

        Raises:
            UsageError: there are fewer than shards.
        """
        whole, shard = cut(self.split.shapes, self.model.batch_size), self.options.shard
        return whole if shard is None else shard.of_batches(whole)

    def asked(self) -> Sequence[str]:
        """Ids of the samples that are asked about: all of the split, or those of the shard."""
        ids = self.split.ids
        return ids if self.options.shard is None else [ids[i] for b in self.cuts() for i in b]


def plan_audit(options: Options, model: ServedModel, out: Path) -> Plan:
    """Check options, data and output folder against the model's description.

    Args:
        options: the flags.
        model: as the server describes it.
        out: folder of the run.

    Raises:
        UsageError: a flag, the policy or the baseline does not fit the data or the model.
        DataError: the data cannot be used.
    """
    spec = model.spec
    check_flags(options, spec)
    split = opened_split(options, model)
    model = of_size(within_memory(model, split.shapes), options.batch)
    check_groups(spec.group_input, split)
    check_images(split, spec.image_shape, options)
    check_labels(split, TASKS[spec.task])
    named = () if is_table(options.data) else options.attributes
    attributes = chosen_attributes(split, named)
    threshold = threshold_of(spec, split, options)
    choices = Choices(
        threshold, spec.group_input, options.distances, spec.class_names, spec.ordered
    )
    task = TASKS[spec.task].make(choices).fitted(spec, split)
    names = Names(model.name, split.name, options.split)
    identity = {
        "model": f"{model.name} version {model.stated_version}",
        "model_sha256": spec.model_sha256,
        "target": split.target,
        "split": options.split,
        "split_sha256": split.fingerprint(),
        "batch_size": str(model.batch_size),
        "backend": f"{model.answering.backend}, {model.answering.runtime}",
        "distances": str(options.distances),
        **({"description_sha256": model.foreign.said.sha256} if model.foreign else {}),
        **plan_identity(options.analysis.plan),
        **({"shard": str(options.shard)} if options.shard else {}),
    }
    check_unlocked(out)
    check_unmixed(out)
    check_run(out / JOURNAL, identity, resume=options.resume)
    check_writable(out)
    blank = unanswered(split, attributes, task.value_names)
    complete, at = options.on_error == "stop", Operating(threshold, spec.model_sha256)
    analysis = plan_analysis(options.analysis, task, blank, names, at, complete=complete)
    probes = found_probes(options, model, split) if options.probes else None
    plan = Plan(
        options, model, task, split, attributes, threshold, names, analysis, out, identity, probes
    )
    if options.shard is not None:
        plan.cuts()  # of too few batches no shards can be made
    return plan


def check_flags(options: Options, spec: ModelSpec) -> None:
    """Refuse flags that such a model cannot follow.

    Raises:
        UsageError: a threshold for masks, or masks to keep of a model that draws none.
    """
    draws, judged = TASKS[spec.task].answers_masks, TASKS[spec.task].has_threshold
    if not judged and options.threshold is not None:
        what = "draws masks" if draws else "chooses the likeliest class"
        raise UsageError(f"--threshold: the model {what}, it has none; leave it out")
    if options.keep_masks and not draws:
        raise UsageError("--keep-masks: the model draws no masks; leave it out")


def check_images(split: Split, shape: tuple[int, ...] | None, options: Options) -> None:
    """Refuse an image that its header shows to be broken or of a shape that the model lacks.

    Raises:
        DataError: there is one, and it is not to be skipped.
    """
    if options.on_error == "skip":
        return
    for index, found in enumerate(split.shapes):
        if not found or (shape is not None and found != shape):
            split.read(index)  # raises, and says what is wrong


def check_labels(split: Split, task: type[Task]) -> None:
    """Refuse a split that cannot be scored: other targets than are needed, or all of them equal.

    Raises:
        DataError: nothing that an audit reports would be defined.
    """
    if task.answers_masks:
        return
    if split.labels is None:
        raise DataError("the split holds masks, the model answers probabilities; name other --data")
    if (split.labels.ndim == 2) != task.of_labels:
        raise DataError(
            f"{split.root}: its target and a model of task {task.kind} do not go together; name a "
            "table with --data, csv or parquet, that has its labels"
        )
    of_each = split.labels.reshape(len(split), -1).T
    labels = max((np.unique(one[one >= 0]) for one in of_each), key=len)
    if len(labels) < 2:
        raise DataError(
            f"{split.root}: '{split.target}' is {', '.join(map(str, labels)) or 'absent'} for "
            "every image of the split; audit a model that was trained on another --target"
        )


def chosen_attributes(split: Split, names: tuple[str, ...]) -> tuple[Attribute, ...]:
    """The attributes asked for, or all.

    Raises:
        UsageError: the dataset has no such attribute.
        DataError: not one of them is recorded for any sample of the split.
    """
    known = {attribute.name: attribute for attribute in split.attributes}
    for name in names:
        if name not in known:
            raise UsageError(
                f"--attributes: {split.name} has no attribute '{name}' (it has: {', '.join(known)})"
            )
    chosen = tuple(known[name] for name in names) if names else split.attributes
    if all((split.codes[a.name] == UNKNOWN).all() for a in chosen):
        raise DataError(
            f"{', '.join(a.name for a in chosen)}: not recorded for any image in {split.root}, so "
            "there are no groups to compare; name other --attributes"
        )
    return chosen


def threshold_of(spec: ModelSpec, split: Split, options: Options) -> Threshold | None:
    """The operating point: given, or the model's own; None where it has none.

    Where it is chosen on another split first, 0.5 stands for it until then.

    Raises:
        UsageError: it is no number and no file, no rule, or was tuned on this split.
    """
    given, chosen_on = options.threshold, options.threshold_split
    if given is None or not TASKS[spec.task].has_threshold:
        return spec.threshold
    if chosen_on is not None:
        read_rule(given, "--threshold")
        return Threshold(value=0.5, rule=given, split=chosen_on, split_sha256="")
    labels = split.labels
    same = () if labels is None else (digest_of_ids(split.ids, labels),)
    names = spec.class_names if TASKS[spec.task].of_labels else ()
    return read_threshold(given, split.fingerprint(), same, names)
