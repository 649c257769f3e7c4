"""The lines of a drafted `model.yaml` that say what a model's scores are about."""

import json
import re

from audit.held import held
from audit.table_target import TableTarget
from audit.trial import Trial
from fairness.errors import UsageError
from fairness.foreign.model_yaml import GUESS

MOST = 100
"""Labels, or classes, of a description."""

SWITCHES = frozenset(("yes", "no", "on", "off", "true", "false", "null", "y", "n"))
"""Words that YAML reads as something else."""


def task_of(target: TableTarget | None, columns: int | None) -> str:
    """The task, by what the table holds and how many numbers the model answers.

    Args:
        target: of the table; None where none is known.
        columns: numbers for each image; None where the server does not say.
    """
    if target is None:
        return "classification"
    if target.labels:
        return "multilabel"
    uncertain = set(target.values) <= {"-1", "0", "1"}  # one label, as tables of several have it
    many = 2 < len(target.values) <= MOST and (columns is None or 2 < columns <= MOST)
    return "multiclass" if many and not uncertain else "classification"


def target_lines(task: str, target: TableTarget | None, trial: Trial | None) -> list[str]:
    """The lines of the column, and of the operating point where there is one."""
    at = f"threshold: 0.5  # {GUESS}: a score from it on counts as positive"
    if task == "multilabel" and target is not None:
        told = f"target: {json.dumps(target.column)}  # the column that lists the labels"
        return [*([told] if target.column else []), f"{at}, of every label; or thresholds, by name"]
    if task == "multiclass" and target is not None:
        return [f"target: {json.dumps(target.column)}  # the column of the class"]
    line = f"target: target  # {GUESS}: the column of the label, 0 or 1, in your table"
    if trial is not None:
        positive = f"{trial.positive!r} counts as positive (--positive)"
        line = f"target: {json.dumps(trial.target)}  # the column of the label; {positive}"
    return [line, at]


def score_lines(
    task: str, target: TableTarget | None, columns: int | None, trial: Trial | None
) -> list[str]:
    """The lines under `output:` of a model that answers scores.

    Args:
        task: as `task_of` found.
        target: of the table.
        columns: numbers for each image; None where neither the server nor an answer says.
        trial: what came back.

    Raises:
        UsageError: the table has more labels or classes than the model answers numbers.
    """
    holds, why = held(columns or 1, trial.columns if trial else None, task)
    lines = [
        "  # probability; logit, through a sigmoid; logits, through a softmax over the columns",
        f"  holds: {holds}  # {GUESS}: {why}",
    ]
    if task == "multilabel" and target is not None:
        return [*lines, label_line(target, columns)]
    if task == "multiclass" and target is not None:
        return [*lines, *class_lines(target, columns)]
    if (columns or 1) > 1:
        which = f"the column of the positive class, from 0 to {(columns or 1) - 1}"
        lines.append(f"  positive: 1  # {GUESS}: {which}")
    return lines


def label_line(target: TableTarget, columns: int | None) -> str:
    """The labels in the order of the table, as if the model answered in that order.

    Raises:
        UsageError: there are too many.
    """
    names = target.labels
    check_names(names, "label")
    if len(names) > (MOST if columns is None else columns):
        raise UsageError(
            f"the table has {len(names)} labels, {', '.join(names[:5])}{', ...' * (len(names) > 5)}"
            f", and the model answers {columns or MOST} numbers; name those that it has by --target"
        )
    more = f", from 0 to {columns - 1}" if columns is not None else ""
    each = ", ".join(f"{quoted(name)}: {k}" for k, name in enumerate(names))
    return f"  labels: {{{each}}}  # {GUESS}: the column of each{more}; here they are counted"


def class_lines(target: TableTarget, columns: int | None) -> list[str]:
    """The classes in the order of their names, as if the model answered in that order.

    Raises:
        UsageError: there are too many.
    """
    names, order = target.values, "in the order of the model's columns"
    check_names(names, "class")
    if columns is not None and not len(names) <= columns <= MOST:
        raise UsageError(
            f"column '{target.column}' has {len(names)} values, {', '.join(names[:8])}, and the "
            f"model answers {columns} numbers; merge values with --map, or name another by --target"
        )
    numbered = set(names) <= {str(k) for k in range(columns or len(names))}
    if numbered:
        names = tuple(str(k) for k in range(columns or len(names)))
    elif columns is not None and len(names) < columns:
        order += f", of which {columns - len(names)} are not in the table"
        names += tuple(f"unnamed_{k}" for k in range(len(names), columns))
    listed = ", ".join(map(quoted, names))
    by = "by their numbers" if numbered else "sorted"
    return [
        f"  classes: [{listed}]  # {GUESS}: {order}; here {by}",
        f"  ordered: {str(numbered).lower()}  # {GUESS}: true where they are steps, the mildest "
        "first",
    ]


def check_names(names: tuple[str, ...], what: str) -> None:
    """Refuse names that no description can have.

    Raises:
        UsageError: there is one.
    """
    remedy = "rename its column" if what == "label" else "rename it with --map"
    for name in names:
        if set(name) & set(",=*:"):
            raise UsageError(f"the {what} '{name}' of the table holds , = * or :; {remedy}")


def quoted(name: str) -> str:
    """A name as YAML, in quotes only where it needs them."""
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*( [A-Za-z0-9_]+)*", name)
    return name if plain and name.lower() not in SWITCHES else json.dumps(name)
