"""Masks of 12x12 pixels with what the FairSeg reference evaluation makes of them."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from fairness.arrays import Image, IntArray

GOLDEN = json.loads((Path(__file__).parents[1] / "golden/fairseg_metrics.json").read_text())
CASES: list[dict[str, Any]] = GOLDEN["cases"]
COHORT: dict[str, Any] = GOLDEN["cohort"]


def masks(samples: list[dict[str, Any]]) -> tuple[Image, Image]:
    """Predictions and references (B, 12, 12)."""
    predictions, references = (
        np.array([[list(row) for row in one[key]] for one in samples], dtype=np.uint8)
        for key in ("pred", "gt")
    )
    return predictions, references


def cohort() -> tuple[Image, Image, IntArray]:
    """Predictions, references and race of eight samples, one of them unknown."""
    codes = np.array([one["attr"] for one in COHORT["samples"]], dtype=np.int64)
    return *masks(COHORT["samples"]), codes
