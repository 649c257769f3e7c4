"""The released FairCLIP evaluation on its golden cases, by the code that scores our own models.

Golden values of the losses are in `tests/training/losses`, those of images, tokens and scores in
`tests/training/models`.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_run import write_small_data

from fairness.arrays import IntArray
from fairness.attributes import ALL, OVERALL, RACE, UNKNOWN
from fairness.compat.fairclip import compat_fairclip
from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.notes import truncate
from fairness.metrics import classification as c
from fairness.metrics import disparity as d
from fairness.outcomes import Outcomes
from training.models.blip2_text import clean

GOLDEN = Path(__file__).parents[2] / "golden"
METRICS = json.loads((GOLDEN / "classification_metrics.json").read_text("utf-8"))
SINGLE = {
    "es_auc": "es_auc", "es_acc": "es_accuracy", "dpd": "demographic_parity_difference",
    "deodds": "equalized_odds_difference", "std_disparity": "std_auc_disparity",
    "max_disparity": "max_auc_disparity",
}  # fmt: skip
"""Golden name to the name in a report, of numbers over all groups."""


def outcomes_of(y: list[int], p: list[float], codes: list[int]) -> Outcomes:
    """Samples of one patient each, whose race has these codes."""
    ids = tuple(map(str, range(len(y))))
    return Outcomes(
        ids=ids, patients=ids, attributes=(RACE,), codes={"race": np.array(codes)}, covariates={},
        target=np.array(y), score=np.array(p),
    )  # fmt: skip


@pytest.mark.parametrize("case", METRICS["cases"], ids=lambda case: case["name"])
def test_binary_metrics(case: dict[str, Any]) -> None:
    codes, expected = case["a"], case["expected"]
    if UNKNOWN in codes:  # its golden values count unknown as one more group: shift all codes
        codes = [code + 1 for code in codes]
    found = {
        (row.attribute, row.group, row.metric): row.original
        for row in compat_fairclip(outcomes_of(case["y"], case["p"], codes))
    }
    wanted = {(OVERALL, ALL, "auc"): expected["auc"], (OVERALL, ALL, "accuracy"): expected["acc"]}
    wanted |= {("race", ALL, name): expected[golden] for golden, name in SINGLE.items()}
    groups = [RACE.groups[code] for code in sorted(set(codes))]
    for group, value in zip(groups, expected["group_auc"], strict=True):
        wanted["race", group, "auc"] = value
    assert found == {key: pytest.approx(value, abs=1e-11) for key, value in wanted.items()}


def test_an_unknown_group_is_left_out() -> None:
    rows = compat_fairclip(outcomes_of([1, 0, 1, 0], [0.9, 0.1, 0.2, 0.8], [0, 0, -1, -1]))
    assert {row.group for row in rows} == {ALL, RACE.groups[0]}
    assert next(row.original for row in rows if row.metric == "auc") == 1.0


@pytest.mark.parametrize("case", METRICS["aggregates"])
def test_equity_scaled_of_published_and_logged_results(case: dict[str, Any]) -> None:
    found = d.equity_scaled(case["auc"], np.array(case["group_auc"]))
    assert found == pytest.approx(case["es_auc"], abs=1e-11)


def test_multiclass_metrics_are_means_over_the_classes() -> None:
    # Of truth and prediction in their places, which the original exchanges.
    case = METRICS["multiclass"]
    y, p, codes = (np.array(case[name]) for name in "ypa")
    predicted, expected = p.argmax(1), case["expected"]

    def macro_auc(chosen: IntArray) -> float:
        return float(np.mean([c.auc((y[chosen] == k) * 1, p[chosen, k]) for k in range(3)]))

    def accuracies() -> np.ndarray[Any, Any]:
        return np.array([(predicted == y)[codes == g].mean() for g in (0, 1)])

    each = [((y == k) * 1, (predicted == k) * 1) for k in range(3)]
    dpd = np.mean([d.demographic_parity_difference(*pair, codes) for pair in each])
    deodds = np.mean([d.equalized_odds_difference(*pair, codes, compat=True) for pair in each])
    aucs = np.array([macro_auc(np.flatnonzero(codes == g)) for g in (0, 1)])
    overall = macro_auc(np.arange(len(y)))
    assert dpd == pytest.approx(expected["dpd_corrected"], abs=1e-11)
    assert deodds == pytest.approx(expected["deodds_corrected"], abs=1e-11)
    assert (overall, *aucs) == pytest.approx((expected["auc_macro_ovr"], *expected["group_auc"]))
    assert d.equity_scaled(overall, aucs) == pytest.approx(expected["es_auc"])
    es_accuracy = d.equity_scaled(float((predicted == y).mean()), accuracies())
    assert es_accuracy == pytest.approx(expected["es_acc"])


@pytest.mark.parametrize("case", json.loads((GOLDEN / "note_truncation.json").read_text("utf-8")))
def test_notes_are_cut_as_in_the_original(case: dict[str, str]) -> None:
    assert truncate(case["input"]) == case["expected"]


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        (
            "IOP: 15/15 (OU); C/D 0.6!  Follow-up  in 6 months.",
            "iop 15/15 ou c/d 0 6 follow-up in 6 months",
        ),
        ("Non-Glaucoma", "non-glaucoma"),
    ],
)
def test_captions_of_blip2_are_cleaned_as_in_the_original(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


# Files of the three splits as the released helper divides n files: 70/10/20 in floating point,
# which misplaces one where 0.7 n or 0.8 n is rounded. A split is what its folder holds.
@pytest.mark.parametrize("sizes", [(10, 2, 3), (8, 2, 2), (7, 1, 2)])
def test_a_split_has_the_files_that_the_released_helper_put_there(
    sizes: tuple[int, int, int], tmp_path: Path
) -> None:
    root = write_small_data(tmp_path)
    for folder in ("Validation", "Test"):
        (root / folder).mkdir(exist_ok=True)
        for file in (root / folder).iterdir():
            file.unlink()
    files = sorted((root / "Training").iterdir())
    for file in files[sum(sizes) :]:
        file.unlink()
    for file in files[sizes[0] : sizes[0] + sizes[1]]:
        file.rename(root / "Validation" / file.name)
    for file in files[sizes[0] + sizes[1] : sum(sizes)]:
        file.rename(root / "Test" / file.name)
    assert tuple(len(FairVLMed(root, name)) for name in ("train", "val", "test")) == sizes
