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
from fairness.youden import youden_threshold


@dataclass(frozen=True)
class ChosenThreshold(Threshold):
    """A threshold.json: the threshold, and by what its cases are recognised in another file."""

    cases_sha256: tuple[str, ...] = ()
    """As `audit/records/sameness.py` makes them; none in files of earlier versions."""


_ADAPTER = TypeAdapter(ChosenThreshold)


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
    name, _, number = rule.partition(":")
    candidates = np.append(np.unique(score), np.nextafter(score.max(), np.inf))
    positives, negatives = np.sort(score[target == 1]), np.sort(score[target == 0])
    missed = np.searchsorted(positives, candidates, side="left")
    sensitivity = (len(positives) - missed) / len(positives)  # 4 of 5 is 0.8, 1 - 1/5 may not be
    specificity = np.searchsorted(negatives, candidates, side="left") / len(negatives)
    try:
        wanted = float(number) if number else float("nan")
        if name == "fixed" and np.isfinite(wanted):
            return wanted
        if name == "youden" and not number:
            return youden_threshold(target, score)
        if name == "sensitivity" and 0 < wanted <= 1:
            return float(candidates[np.flatnonzero(sensitivity >= wanted)[-1]])
        if name == "specificity" and 0 < wanted <= 1:
            return float(candidates[np.flatnonzero(specificity >= wanted)[0]])
    except ValueError:
        pass  # no number: the same message as for an unknown rule
    raise UsageError(f"--rule {rule}: use youden, fixed:0.5, sensitivity:0.9 or specificity:0.9")


def write_threshold(path: Path, threshold: Threshold) -> None:
    """Write threshold.json."""
    write_atomically(path, json.dumps(asdict(threshold), indent=1) + "\n")


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
        raise UsageError(f"--threshold {text}: {error.strerror}; give a number or a file") from None
    except ValidationError as error:
        raise UsageError(f"--threshold {text}: no threshold.json: {first_fault(error)}") from None
    except ValueError as error:
        raise UsageError(f"--threshold {text}: no threshold.json: {error}") from None
    same = not {split_sha256, *cases}.isdisjoint({found.split_sha256, *found.cases_sha256})
    if same and not found.rule.startswith("fixed"):
        raise UsageError(
            f"--threshold {text} was tuned on the split that is audited; choose it on validation: "
            "fair-audit --split val, then fair-audit threshold on its outcomes.parquet"
        )
    chosen = {field.name: getattr(found, field.name) for field in fields(Threshold)}
    # The digests of its cases are not for reports.
    chosen["value"] = math.nan if found.by_label else found.value  # it names every label
    return checked(Threshold(**chosen), text, labels)
