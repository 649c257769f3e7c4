"""Whether audits pass as often as their plan said, by simulated audits of known truth.

Run: python -m benchmarks.plan_agreement [--audits 4000] [--draws 10000].

The plan is that of `fair-audit plan`. The audits are made without its code: people are drawn here,
their scores are probabilities, and each test set is analysed in full, bootstrap included, and
judged as `fair-audit` judges it.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from audit.design.design import Design, design_of
from audit.design.draws import Frame
from audit.design.made import last
from audit.design.outlook import tallied
from audit.design.wanted import wanted_of
from audit.policy.policy import Policy, Rule
from audit.policy.verdict import Verdict, judge, strongest
from audit.policy.words import in_words
from fairness.mask_scores import mask_measures
from fairness.outcomes import Names, Outcomes
from fairness.statistics.settings import Settings
from fairness.summary import summarise
from fairness.tasks.binary import scored
from fairness.tasks.measured import Measured

SETTINGS = Settings(replicates=100)
NAMES = Names("model", "data", "split")
RACE = {"asian": 150, "black": 250, "white": 900}
AUC, TPR, PREVALENCE, DICE = 0.85, 0.8, 0.3, (0.84, 0.1)


@dataclass(frozen=True)
class Case:
    """A design with a policy, and how its people are measured in an audit."""

    name: str
    design: Design
    policy: Policy
    measured: Callable[[Frame, np.random.Generator], Measured]


def scores(frame: Frame, rng: np.random.Generator) -> Measured:
    """A classifier: positives and negatives are normal, the threshold is a probability of 0.5."""
    apart = np.sqrt(2) * norm.ppf(AUC)
    positive = norm.ppf(TPR)
    y = rng.random(len(frame.cell)) < PREVALENCE
    z = rng.normal(np.where(y, positive, positive - apart))
    outcomes = Outcomes(**vars(frame.cases()), target=y.astype(np.int64), score=norm.cdf(z))
    return scored(NAMES, outcomes, 0.5, SETTINGS)


def masks(frame: Frame, rng: np.random.Generator) -> Measured:
    """Masks: Dice coefficients from a beta distribution of that mean and spread."""
    mean, sd = DICE
    size = mean * (1 - mean) / sd**2 - 1
    dice = rng.beta(mean * size, (1 - mean) * size, size=len(frame.cell))
    return Measured(NAMES, frame.cases(), mask_measures({"rim_dice": dice}), "segmentation")


def cases() -> list[Case]:
    """The designs."""
    groups = [{"of": {"race": name}, "n": n} for name, n in RACE.items()]
    few = [{"of": {"race": name}, "n": n // 4} for name, n in RACE.items()]
    of_scores = (
        Rule(metric="auc", attribute="race", min=0.77),
        Rule(metric="auc_difference", attribute="race", scope="gap", max=0.15),
        Rule(metric="true_positive_rate", attribute="race", scope="pairs", max=0.22),
        Rule(metric="equalized_odds_difference", attribute="race", scope="gap", max=0.25),
        Rule(metric="selection_rate", min=0.4),
    )
    of_masks = (
        Rule(metric="rim_dice", attribute="race", min=0.8),
        Rule(metric="rim_dice_difference", attribute="race", scope="gap", max=0.07),
    )
    stated = {"auc": AUC, "tpr": TPR, "prevalence": PREVALENCE, "groups": groups}
    dice = {"rim_dice": {"mean": DICE[0], "sd": DICE[1]}}
    return [
        Case("classifier", design_of(stated, "design"), Policy(name="p", rules=of_scores), scores),
        Case(
            "masks",
            design_of({"scores": dice, "groups": few}, "design"),
            Policy(name="p", rules=of_masks),
            masks,
        ),
    ]


def audited(case: Case, audits: int, rng: np.random.Generator) -> list[Counter[Verdict]]:
    """Verdicts of each rule, then of the whole policy, counted over full audits."""
    frame, rules = Frame.of(case.design), range(len(case.policy.rules))
    found: list[Counter[Verdict]] = [Counter() for _ in (*rules, 0)]
    for _ in range(audits):
        measured = case.measured(frame, rng)
        judgement = judge(case.policy, summarise(measured, list(frame.groupings), {}, SETTINGS))
        for k in rules:
            found[k][strongest(c.verdict for c in judgement.checks if c.rule == k)] += 1
        found[-1][judgement.verdict] += 1
    return found


def row(words: Sequence[str], planned: Counter[Verdict], seen: Counter[Verdict]) -> str:
    """One line of the table."""
    shares = []
    verdicts: tuple[Verdict, ...] = ("PASS", "FAIL", "INCONCLUSIVE")
    for verdict in verdicts:
        both = [100 * counts[verdict] / sum(counts.values()) for counts in (planned, seen)]
        shares.append(f"{both[0]:.1f} / {both[1]:.1f}")
    return f"| {' | '.join((*words, *shares))} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--audits", type=int, default=4000)
    parser.add_argument("--draws", type=int, default=10_000)
    parser.add_argument("--designs", nargs="+", help="these alone, by name")
    arguments = parser.parse_args()
    print("| design | rule | PASS, planned / seen | FAIL | INCONCLUSIVE |")
    print("|---|---|---|---|---|")
    for case in cases():
        if arguments.designs and case.name not in arguments.designs:
            continue
        wanted = wanted_of(case.policy, case.design)
        tally = last(tallied(case.policy, case.design, wanted, SETTINGS, arguments.draws))
        seen = audited(case, arguments.audits, np.random.default_rng(20261127))
        names = [*map(in_words, case.policy.rules), "the whole policy"]
        for name, planned, found in zip(names, (*tally.of_rules, tally.of_all), seen, strict=True):
            print(row((case.name, name), planned, found), flush=True)


if __name__ == "__main__":
    main()
