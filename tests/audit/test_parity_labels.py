"""Parity of several labels and of classes, on answers made by hand; and of few people."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_pages import people, probability

from audit.compare.runs import Run
from audit.options import AnalysisOptions
from audit.page.parity import furthest, parity_page, said, worst_first
from audit.parity.checks import Tolerances
from audit.parity.distances import Apart
from audit.parity.judged import Parity, parity_of
from audit.parity.sides import any_answer, at_thresholds_of
from fairness.arrays import FloatArray, IntArray
from fairness.errors import DataError
from fairness.outcomes import Answered, Cases
from fairness.samples import Batch
from fairness.statistics.settings import Settings
from fairness.tasks.binary import BinaryTask
from fairness.tasks.masks import MaskTask
from fairness.tasks.multiclass import MulticlassTask
from fairness.tasks.multilabel import MultilabelTask
from fairness.tasks.task import Task

pytestmark = pytest.mark.further

OPTIONS = AnalysisOptions(settings=Settings(replicates=100))
ALLOWED = Tolerances(0.001, 0.01, 0.05)
LABELS = MultilabelTask(("Mass", "Nodule"), (0.5, 0.4))
STEPS = MulticlassTask(("none", "mild", "severe"), True)
WHITE = 2


def held(task: Task, cases: Cases, labels: IntArray, *values: Mapping[str, FloatArray]) -> Parity:
    reference, served = (
        Run(Path("x"), name, task, None, Answered(cases=cases, labels=labels, values=one))
        for name, one in zip(("torch", "fp16"), values, strict=True)
    )
    return parity_of(reference, served, OPTIONS, ALLOWED)


def failed(found: Parity, what: str) -> set[tuple[str, str]]:
    return {
        (c.label, c.group) for c in found.checks if c.what == what and c.verdict == "FAIL"
        if c.attribute in ("overall", "race")
    }  # fmt: skip


def in_race(found: Parity, label: str, group: str) -> Apart:
    (one,) = [
        x for x in found.apart if (x.label, x.attribute, x.group) == (label, "race", group)
    ]  # fmt: skip
    return one


def of_a_race(n: int) -> tuple[Cases, FloatArray, np.random.Generator]:
    cases, truth, rng = people(n)
    race = {"race": cases.codes["race"]}
    return replace(cases, attributes=cases.attributes[:1], codes=race), truth, rng


def labelled() -> tuple[Cases, IntArray, dict[str, FloatArray], dict[str, FloatArray]]:
    """500 people; served, `Nodule` is scored higher in one race, and `Mass` has NaN in another."""
    cases, truth, rng = of_a_race(500)
    scores = [probability(truth + rng.normal(size=500)) for _ in range(2)]
    target = np.stack([truth > 0, rng.uniform(size=500) < scores[1]], axis=1).astype(np.int64)
    target[:50, 0] = -1
    old = dict(zip(LABELS.value_names, scores, strict=True))
    race = cases.codes["race"]
    new = {"score:Mass": scores[0].copy(), "score:Nodule": scores[1] + 0.3 * (race == WHITE)}
    new["score:Nodule"] = np.clip(new["score:Nodule"], 0, 1)
    new["score:Mass"][np.flatnonzero(race == 0)[:4]] = np.nan
    return cases, target, old, new


def test_the_label_and_the_group_that_serving_harmed_are_named() -> None:
    cases, target, old, new = labelled()
    found = held(LABELS, cases, target, old, new)
    hurt = {(label, group) for label in ("", "Nodule") for group in ("all", "White")}
    assert failed(found, "score") == failed(found, "flips") == hurt
    assert failed(found, "answers") == {(x, g) for x in ("", "Mass") for g in ("all", "Asian")}
    assert ("Nodule", "White") in failed(found, "selection_rate")
    assert ("", "White") in failed(found, "macro_selection_rate")
    assert found.verdict == "FAIL"
    white = cases.codes["race"] == WHITE
    turned = (old["score:Nodule"] >= 0.4) != (new["score:Nodule"] >= 0.4)
    one = in_race(found, "Nodule", "White")
    assert (one.n, one.unusable, one.flips) == (white.sum(), 0, int(turned[white].sum()))
    assert one.largest == pytest.approx(0.3)
    both = in_race(found, "", "White")
    assert (both.flips, both.decisions) == (one.flips, 2 * white.sum())
    assert found.comparison.about["n"] == 496  # without those that lack a score
    assert "Nodule, race White" in "; ".join(map(said, worst_first(found)))
    assert furthest(found).startswith("furthest off: Mass, race Asian, 4 of")
    page = parity_page(found)
    assert "Distances of each label" in page
    assert "<script" not in page
    assert json.loads(json.dumps(found.document(), allow_nan=False))["verdict"] == "FAIL"


def test_equal_answers_about_labels_fail_nothing() -> None:
    cases, target, old, _ = labelled()
    found = held(LABELS, cases, target, old, old)
    assert "FAIL" not in {check.verdict for check in found.checks}
    of_averages = {c.what for c in found.checks if not c.label} - {"score", "flips"}
    assert of_averages == {f"macro_{name}" for name in (
        "auc", "selection_rate", "true_positive_rate", "false_positive_rate")}  # fmt: skip
    assert all(c.low is not None for c in found.checks if c.what.startswith("macro_"))


def test_a_class_that_is_chosen_more_often_flips_where_it_gains_and_where_it_takes() -> None:
    cases, _, rng = of_a_race(500)
    target = rng.integers(0, 3, 500)
    scores = rng.dirichlet(np.ones(3), 500)
    moved = scores.copy()
    white = cases.codes["race"] == WHITE
    moved[white] = moved[white][:, [0, 2, 1]]  # two columns swapped for one race
    old, new = (dict(zip(STEPS.value_names, x.T, strict=True)) for x in (scores, moved))
    found = held(STEPS, cases, target, old, new)
    assert ("", "White") in failed(found, "flips")
    assert not {group for _, group in failed(found, "score")} & {"Asian", "Black"}
    flips = {label: in_race(found, label, "White").flips for label in ("", *STEPS.names)}
    turned = white & (scores.argmax(1) != moved.argmax(1))
    assert flips == {
        "": turned.sum(), "none": 0, "mild": turned.sum(), "severe": turned.sum()
    }  # fmt: skip
    assert {c.what for c in found.checks if not c.label} - {"score", "flips"} == {
        "accuracy", "balanced_accuracy",
    }  # fmt: skip


def test_of_few_people_no_share_is_told() -> None:
    cases, truth, rng = people(7)
    score = probability(truth + rng.normal(size=7))
    other = score.copy()
    other[0], other[1] = 1 - other[0], np.nan
    values = ({"score": one} for one in (score, other))
    found = held(BinaryTask(0.5), cases, (truth > 0).astype(np.int64), *values)
    assert found.apart == ()
    shares = {c.what: (c.value, c.verdict) for c in found.checks if c.what != "score"}
    assert shares == {"answers": (None, "FAIL"), "flips": (None, "FAIL")}
    lines = [said(check) for check in worst_first(found)]
    assert "everybody: more decisions flip than allowed; the people are too few to say" in lines[2]
    assert "too few to say how many" in parity_page(found)


def test_answers_that_are_no_probability_pass_as_nan_and_sums_are_checked() -> None:
    images = np.zeros((2, 1, 1), dtype=np.uint8)
    batch = Batch(("a", "b"), images, np.zeros((2, 2)), {}, (None, None))
    good, bad = [0.2, 0.3, 0.5], [np.nan, 0.5, 0.5]
    read = any_answer(STEPS)(batch, {"recorded": np.array([good, bad])})
    assert np.isnan([values[1] for values in read.values()]).all()
    assert [values[0] for values in read.values()] == good
    with pytest.raises(DataError, match="sum to 1.3 for sample b"):
        any_answer(STEPS)(batch, {"recorded": np.array([good, [0.8, 0.3, 0.2]])})
    with pytest.raises(DataError, match=r"expected \(2, 2\)"):
        any_answer(LABELS)(batch, {"recorded": np.array([good, good])})
    labels = any_answer(LABELS)(batch, {"recorded": np.array([[2.0, 0.5], [0.1, 0.2]])})
    assert np.isnan(labels["score:Mass"]).tolist() == [True, False]
    assert labels["score:Nodule"].tolist() == [0.5, 0.2]


def test_both_sides_are_judged_at_the_thresholds_of_the_judged_model() -> None:
    mine, theirs = MultilabelTask(LABELS.labels, (0.1, 0.2)), LABELS
    assert at_thresholds_of(mine, theirs) == theirs
    assert at_thresholds_of(BinaryTask(0.1), BinaryTask(0.7)) == BinaryTask(0.7)
    assert at_thresholds_of(MaskTask(), MaskTask()) == MaskTask()
