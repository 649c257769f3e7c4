"""Thresholds of several labels: `0.5`, `Mass=0.3,Nodule=0.4`, or both."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fairness.contract import Threshold
from fairness.errors import UsageError
from fairness.tables.words import names_in


def fixed_in(text: str) -> Threshold | None:
    """The numbers that a text gives, NaN without one for all labels; None: it names a file."""
    value, by_label = math.nan, {}
    parts = names_in(text)
    try:
        for part in parts:
            name, equals, number = part.rpartition("=")
            if equals and name.strip() not in by_label:
                by_label[name.strip()] = float(number)
            elif equals or not math.isnan(value):
                return None
            else:
                value = float(number)
    except ValueError:
        return None
    if not parts:
        return None
    return Threshold(value=value, rule="fixed", split="no data", split_sha256="", by_label=by_label)


def checked(threshold: Threshold, text: str, labels: Sequence[str]) -> Threshold:
    """The threshold, if every label has one that can be compared with.

    NaN or infinite, every prediction would be the same.

    Raises:
        UsageError: it has not, or it names what is no label.
    """
    if strange := [name for name in threshold.by_label if name not in labels]:
        known = f"the labels are {', '.join(labels)}" if labels else "there is one label"
        raise UsageError(f"--threshold {text}: no label '{strange[0]}'; {known}")
    if lacking := [name for name in labels if math.isnan(threshold.of(name))]:
        raise UsageError(
            f"--threshold {text}: none for '{lacking[0]}'; name it, or give a number for all others"
        )
    used = [threshold.of(label) for label in labels] or [threshold.value]
    for value, label in zip(used, labels or ("",), strict=True):
        if not np.isfinite(value):
            of_label = f" for '{label}'" if label else ""
            raise UsageError(f"--threshold {text}: {value} is no number to compare with{of_label}")
    return threshold if np.isfinite(threshold.value) else replace(threshold, value=used[0])
