"""The operating threshold: chosen on one split, refused on the same."""

import json
import math
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter, ValidationError

from audit.label_thresholds import checked, fixed_in
from fairness.arrays import FloatArray, IntArray
from fairness.atomic import write_atomically
from fairness.contract import Threshold
from fairness.documents import read_text
from fairness.errors import UsageError
from fairness.first_fault import first_fault
from fairness.outcomes import Answered
from fairness.tasks.binary import outcomes_of
from fairness.tasks.multilabel import labels_of
from fairness.tasks.one_label import score_names
from fairness.youden import youden_threshold


@dataclass(frozen=True)
class ChosenThreshold(Threshold):
    """A threshold.json: the threshold, and by what its cases are recognised in another file."""

    cases_sha256: tuple[str, ...] = ()
    """As `audit/records/sameness.py` makes them; none in files of earlier versions."""


_ADAPTER = TypeAdapter(ChosenThreshold)

RULES = "youden, sensitivity:0.9 or specificity:0.9"


def read_rule(text: str, flag: str) -> tuple[str, float]:
    """The name of a rule and the rate that it asks for, NaN where it asks for none.

    Args:
        text: `youden`, `sensitivity:0.9` or `specificity:0.9`.
        flag: that it stands behind, for the error.

    Raises:
        UsageError: it is no such text.
    """
    name, colon, number = text.partition(":")
    try:
        wanted = float(number) if colon else float("nan")
        if (name == "youden" and not colon) or (
            name in ("sensitivity", "specificity") and 0 < wanted <= 1
        ):
            return name, wanted
    except ValueError:
        pass  # no number: the same message as for an unknown rule
    more = ", or fixed:0.5" if flag == "--rule" else ""
    raise UsageError(f"{flag} {text}: use {RULES}{more}")


def choose(target: IntArray, score: FloatArray, rule: str) -> float:
    """The threshold that a rule gives; a score >= it is a positive prediction.

    Args:
        target: (n,) of 0/1, both present.
        score: (n,).
        rule: `youden`; `fixed:0.5`; `sensitivity:0.9` or `specificity:0.9`: the threshold with the
            best other rate among those that reach it.

    Raises:
        UsageError: the rule cannot be read.
    """
    if rule.startswith("fixed:"):
        return fixed_value(rule)
    name, wanted = read_rule(rule, "--rule")
    if name == "youden":
        return youden_threshold(target, score)
    candidates = np.append(np.unique(score), np.nextafter(score.max(), np.inf))
    positives, negatives = np.sort(score[target == 1]), np.sort(score[target == 0])
    if name == "sensitivity":
        missed = np.searchsorted(positives, candidates, side="left")
        reached = (len(positives) - missed) / len(positives)  # 4 of 5 is 0.8, 1 - 1/5 may not be
        return float(candidates[np.flatnonzero(reached >= wanted)[-1]])
    specificity = np.searchsorted(negatives, candidates, side="left") / len(negatives)
    return float(candidates[np.flatnonzero(specificity >= wanted)[0]])


def choose_each(answered: Answered, labels: Sequence[str], rule: str) -> dict[str, float]:
    """The threshold of each label by its name, where it is known; of one label without a name.

    Args:
        answered: scores and labels of the samples.
        labels: names of several labels; none where there is one.
        rule: as `choose` takes it.

    Raises:
        UsageError: the rule cannot be read, or a label is the same wherever it is known.
    """
    if not labels:
        outcomes = outcomes_of(answered)
        both = {"": (outcomes.target, outcomes.score)}
    else:
        target = labels_of(answered, len(labels))
        names = zip(labels, score_names(tuple(labels)), strict=True)
        both = {
            label: (target[:, k], answered.values[score]) for k, (label, score) in enumerate(names)
        }
    found = {}
    for label, (truth, score) in both.items():
        known = truth >= 0
        if len(np.unique(truth[known])) < 2:
            what = f"'{label}' has" if label else "the samples have"
            raise UsageError(f"{what} not both values, so no threshold can be chosen")
        found[label] = choose(truth[known], score[known], rule)
    return found


def fixed_value(rule: str) -> float:
    """The number of `fixed:0.5`.

    Raises:
        UsageError: it is none.
    """
    try:
        value = float(rule.removeprefix("fixed:"))
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise UsageError(f"--rule {rule}: use {RULES}, or fixed:0.5")
    return value


def write_threshold(path: Path, threshold: Threshold, *, private: bool = False) -> None:
    """Write threshold.json."""
    write_atomically(path, json.dumps(asdict(threshold), indent=1) + "\n", private=private)


def read_threshold(
    text: str, split_sha256: str, cases: Collection[str] = (), labels: Sequence[str] = ()
) -> Threshold:
    """The value of `--threshold`: numbers, or a threshold.json that was not tuned on this split.

    Args:
        text: a number; of several labels also `Mass=0.3,Nodule=0.4`, where a number without a name
            is that of the others; or the name of a file.
        split_sha256: fingerprint of the audited split.
        cases: digests of its cases.
        labels: names of several labels; none where there is one.

    Raises:
        UsageError: none of these, or it was chosen on the split that is audited.
    """
    if (fixed := fixed_in(text)) is not None:
        return checked(fixed, text, labels)
    try:
        found = _ADAPTER.validate_json(read_text(Path(text)))
    except OSError as error:
        hint = "give a number or a file, or a rule (youden, ...) with --threshold-split val"
        raise UsageError(f"--threshold {text}: {error.strerror}; {hint}") from None
    except ValidationError as error:
        raise UsageError(f"--threshold {text}: no threshold.json: {first_fault(error)}") from None
    except ValueError as error:
        raise UsageError(f"--threshold {text}: no threshold.json: {error}") from None
    same = not {split_sha256, *cases}.isdisjoint({found.split_sha256, *found.cases_sha256})
    if same and not found.rule.startswith("fixed"):
        raise UsageError(
            f"--threshold {text} was tuned on the split that is audited; choose it on validation: "
            "--threshold youden --threshold-split val"
        )
    chosen = {field.name: getattr(found, field.name) for field in fields(Threshold)}
    # The digests of its cases are not for reports.
    chosen["value"] = math.nan if found.by_label else found.value  # it names every label
    return checked(Threshold(**chosen), text, labels)
