"""Target of the fuzz: a report.json that somebody else made, shown as a page."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from fuzzed_documents import text_of
from odd_inputs import Rng

from audit.page.render import page
from audit.report.document import read_document
from fairness.attributes import GENDER
from fairness.groups import plain
from fairness.outcomes import Names, Outcomes
from fairness.statistics.settings import Settings
from fairness.summary import summarise
from fairness.tasks.binary import scored

SETTINGS = Settings(replicates=100, suppress_below=1, suppress_positives_below=0)
ABOUT: dict[str, Any] = {
    "what_answered": "m version 1 (declared)",
    "model": {"name": "m", "identity": "declared"},
    "data": {
        "dataset": "d", "split": "test", "path": "data", "n": 60, "n_skipped": 0, "statement": "",
    },
    "threshold": {"value": 0.5, "rule": "fixed", "split": "val", "split_sha256": ""},
    "finished": "now",
    "tool": {"name": "fair-audit", "version": "1"},
}  # fmt: skip


@cache
def sound() -> str:
    """A report.json of 60 people."""
    rng = np.random.default_rng(0)
    target = rng.integers(0, 2, 60)
    score = np.clip(target * 0.3 + rng.random(60) * 0.7, 0, 1)
    ids = tuple(map(str, range(60)))
    outcomes = Outcomes(
        ids=ids, patients=ids, attributes=(GENDER,), target=target, score=score, covariates={},
        codes={"gender": (np.arange(60) % 2).astype(np.int64)},
    )  # fmt: skip
    measured = scored(Names("m", "d", "test"), outcomes, 0.5, SETTINGS)
    report = summarise(measured, [plain(GENDER, outcomes.codes["gender"])], ABOUT, SETTINGS)
    return json.dumps({**report.document(), "verdict": None})


def report_page(rng: Rng, folder: Path) -> None:
    """Odd values anywhere in report.json, or odd bytes."""
    (folder / "report.json").write_bytes(text_of(rng, json.loads(sound())))
    page(read_document(folder / "report.json"))
