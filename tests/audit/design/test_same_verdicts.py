"""The verdicts of a plan are those of a full analysis of the same simulated test sets."""

import numpy as np
import pytest

from audit.design.block import block_of, sets_of
from audit.design.clear import FAIL, OPEN, PASS, UNCLEAR, can_be_clear, clear_verdicts
from audit.design.design import Design, design_of
from audit.design.draws import Frame
from audit.design.one_draw import drawn, every_measure
from audit.design.wanted import check_planned, wanted_of
from audit.policy.policy import Policy, Rule
from audit.policy.verdict import judge, strongest
from fairness.arrays import FloatArray, IntArray
from fairness.mask_scores import mask_measures
from fairness.outcomes import GroupReport, Names, Outcomes
from fairness.statistics.sampled import sample
from fairness.statistics.settings import Settings
from fairness.summary import summarise
from fairness.tasks.binary import scored
from fairness.tasks.measured import Measured

SETTINGS = Settings(replicates=100)
CODES = {"PASS": PASS, "INCONCLUSIVE": OPEN, "FAIL": FAIL}
NAMES = Names("m", "d", "s")


def of_race(sizes: dict[str, int], **numbers: object) -> Design:
    groups = [{"of": {"race": name}, "n": n} for name, n in sizes.items()]
    return design_of({"prevalence": 0.3, **numbers, "groups": groups}, "here")


RULES = {
    "groups": Rule(metric="auc", attribute="race", min=0.78),
    "overall": Rule(metric="true_positive_rate", min=0.79, max=0.9),
    "named": Rule(metric="false_positive_rate", attribute="race", groups=("a", "b"), max=0.3),
    "estimate": Rule(metric="accuracy", attribute="race", by="estimate", min=0.74),
    "gap": Rule(metric="auc_difference", attribute="race", scope="gap", max=0.12),
    "odds": Rule(metric="equalized_odds_difference", attribute="race", scope="gap", max=0.17),
    "pairs": Rule(metric="selection_rate", attribute="race", scope="pairs", max=0.1),
    "two": Rule(metric="auc", attribute="race", groups=("a", "b"), scope="pairs", max=0.1),
}
FURTHER = {
    "scaled": Rule(metric="es_auc", attribute="race", scope="gap", min=0.75),
    "ratio": Rule(metric="demographic_parity_ratio", attribute="race", scope="gap", min=0.7),
    "all": Rule(metric="auc", attribute="race", groups=("all", "unknown"), min=0.78),
    "worst": Rule(metric="auc_worst", attribute="race", scope="gap", min=0.78),
}
DESIGNS = {
    "three": of_race({"a": 300, "b": 400, "c": 700}, auc=0.85, tpr=0.82),
    "two": of_race({"a": 250, "b": 600}, auc=0.85, tpr=0.82),
    "small": of_race({"a": 45, "b": 300, "c": 12}, auc=0.85, tpr=0.82),
    "unknown": of_race({"a": 300, "b": 300, "unknown": 60}, auc=0.85, tpr=0.82),
}


def in_full(frame: Frame, y: IntArray, score: FloatArray) -> GroupReport:
    """The report of an audit of these people, with every number that it has."""
    outcomes = Outcomes(**vars(frame.cases()), target=y, score=score)
    measured = scored(NAMES, outcomes, 0.0, SETTINGS)
    return summarise(measured, list(frame.groupings), {}, SETTINGS)


def codes_of(policy: Policy, report: GroupReport) -> list[int]:
    checks = judge(policy, report).checks
    return [
        CODES[strongest(c.verdict for c in checks if c.rule == k)] for k in range(len(policy.rules))
    ]


@pytest.mark.parametrize(
    ("design", "rules", "draws"),
    [
        ("three", [*RULES.values()], 12),
        ("two", [*RULES.values()], 6),
        ("three", [*RULES.values(), *FURTHER.values()], 4),
        ("small", [*RULES.values()], 4),
        ("unknown", [*RULES.values()], 3),
    ],
)
def test_verdicts_are_those_of_a_full_analysis(design: str, rules: list[Rule], draws: int) -> None:
    frame, policy = Frame.of(DESIGNS[design]), Policy(name="p", rules=tuple(rules))
    check_planned(policy, frame.design, every_measure(frame), frame.groupings)
    wanted, cases = wanted_of(policy, frame.design), frame.cases()
    block = block_of(frame, wanted, draws, np.random.default_rng(3))
    codes = np.full((len(rules), draws), UNCLEAR)
    if can_be_clear(policy, frame, every_measure(frame)):
        codes = clear_verdicts(policy, block, SETTINGS)
    for b in range(draws):
        expected = codes_of(policy, in_full(frame, block.y[b], block.score[b]))
        one = drawn(frame, cases, wanted, block.measures(b), SETTINGS).report(SETTINGS)
        assert codes_of(policy, one) == expected
        assert (codes[:, b] == UNCLEAR).all() or codes[:, b].tolist() == expected


def test_most_verdicts_are_clear_and_all_kinds_occur() -> None:
    frame, policy = Frame.of(DESIGNS["three"]), Policy(name="p", rules=tuple(RULES.values()))
    wanted, cases = wanted_of(policy, frame.design), frame.cases()
    block = block_of(frame, wanted, 60, np.random.default_rng(4))
    codes = clear_verdicts(policy, block, SETTINGS)
    assert (codes != UNCLEAR).mean() > 0.9
    assert {PASS, OPEN, FAIL} <= set(codes.ravel().tolist())
    for b in np.flatnonzero((codes != UNCLEAR).all(0)):
        one = drawn(frame, cases, wanted, block.measures(int(b)), SETTINGS).report(SETTINGS)
        assert codes_of(policy, one) == codes[:, b].tolist()


def test_verdicts_on_masks_are_those_of_a_full_analysis() -> None:
    scores = {"rim_dice": {"mean": 0.83, "sd": 0.12}, "cup_dice": {"mean": 0.8, "sd": 0.2}}
    groups = [{"of": {"race": name}, "n": n} for name, n in {"a": 60, "b": 90, "c": 200}.items()]
    frame = Frame.of(design_of({"scores": scores, "groups": groups}, "here"))
    rules = (
        Rule(metric="rim_dice", attribute="race", min=0.8),
        Rule(metric="cup_dice_tail", attribute="race", max=0.2),
        Rule(metric="rim_dice_difference", attribute="race", scope="gap", max=0.05),
        Rule(metric="cup_dice", attribute="race", scope="pairs", max=0.06),
    )
    policy = Policy(name="p", rules=rules)
    check_planned(policy, frame.design, every_measure(frame), frame.groupings)
    wanted, cases = wanted_of(policy, frame.design), frame.cases()
    block = block_of(frame, wanted, 12, np.random.default_rng(5))
    codes = clear_verdicts(policy, block, SETTINGS)
    for b in range(12):
        columns = {name: values[b] for name, values in block.masks.items()}
        measured = Measured(NAMES, cases, mask_measures(columns), "segmentation")
        expected = codes_of(policy, summarise(measured, list(frame.groupings), {}, SETTINGS))
        assert codes[:, b].tolist() == expected


@pytest.mark.parametrize("design", ["three", "masks"])
def test_a_block_is_measured_as_every_single_test_set(design: str) -> None:
    rules = tuple(RULES.values())
    stated = DESIGNS["three"]
    if design == "masks":
        scores = {"rim_dice": {"mean": 0.83, "sd": 0.12}}
        groups = [{"of": {"race": name}, "n": n} for name, n in {"a": 60, "b": 90}.items()]
        stated = design_of({"scores": scores, "groups": groups}, "here")
        rules = (Rule(metric="rim_dice", attribute="race", min=0.8),)
    frame, policy = Frame.of(stated), Policy(name="p", rules=rules)
    wanted = wanted_of(policy, stated)
    block = block_of(frame, wanted, 3, np.random.default_rng(6))
    columns = [np.flatnonzero(frame.groupings[0].codes == g) for g in (0, 1)]
    sets = sets_of(block, columns, SETTINGS)
    q = SETTINGS.quantile
    for b in range(3):
        alone = sample(block.measures(b), columns, np.arange(len(frame.cell)), SETTINGS)
        for m, metric in enumerate(alone.measures.metrics):
            if metric.name not in wanted.metrics:
                continue
            of = np.full(2, m)
            cells = np.array([sets.cells(0)[b], sets.cells(1)[b]])
            np.testing.assert_allclose(
                sets.sampled.values[cells, m], alone.values[:, m], rtol=1e-12
            )
            np.testing.assert_allclose(
                sets.sampled.limits(cells, of, q), alone.limits(np.arange(2), of, q), rtol=1e-9
            )
