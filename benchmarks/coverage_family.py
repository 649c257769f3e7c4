"""How often a policy as a whole fails or passes wrongly, in simulated audits of known truth.

Run: python -m benchmarks.coverage_family [--simulations 1000].

People have a race and a sex, which are independent; scores are those of `coverage.py`'s first
group, normal and the same for everybody. Every rule's margin is the truth itself, the worst place
for a FAIL: each number alone fails in at most 2.5 % of the samples (two-sided margins: 5 %). For
PASS one group alone lies on its margin, and all others well inside.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import norm

from audit.policy.family import judge_together
from audit.policy.joint_level import FamilyMethod
from audit.policy.policy import Policy, Rule
from audit.policy.shared_bootstrap import shared_error_of
from benchmarks.coverage import Shown
from benchmarks.coverage_rows import chosen, parsed
from fairness.arrays import FloatArray
from fairness.attributes import Attribute
from fairness.groups import Grouping, plain
from fairness.outcomes import Cases, Contrast, GroupReport, Names
from fairness.statistics.settings import Settings
from fairness.summary import summarise
from fairness.tasks.measured import Measured

AUC, TPR = 0.85, 0.80
SETTINGS = Settings(replicates=200)
METHODS: tuple[FamilyMethod, ...] = ("none", "holm", "max-t")
SIZES = {"600 people": 600, "2,000 people": 2000}
RACE, SEX = Attribute("race", ("a", "b", "c")), Attribute("sex", ("f", "m"))


@dataclass(frozen=True)
class World:
    """A policy, and by how much the AUC of race c lies above that of all others."""

    name: str
    rules: tuple[Rule, ...]
    ahead: float = 0.0


def worlds() -> list[World]:
    """The rules, with the truth as their margins."""
    apart = np.sqrt(2) * norm.ppf(AUC)
    fpr = float(norm.cdf(norm.ppf(TPR) - apart))
    exact = (
        *(Rule(metric="auc", attribute=a, min=AUC) for a in ("race", "sex")),
        *(Rule(metric="true_positive_rate", attribute=a, min=TPR) for a in ("race", "sex")),
        *(Rule(metric="false_positive_rate", attribute=a, max=fpr) for a in ("race", "sex")),
        Rule(metric="auc", min=AUC),
    )
    two_sided = tuple(
        Rule(metric=m, attribute=a, min=value, max=value)
        for m, value in (("auc", AUC), ("true_positive_rate", TPR), ("false_positive_rate", fpr))
        for a in ("race", "sex")
    )
    gaps = tuple(
        Rule(metric=m, attribute=a, scope="gap", max=0.0)
        for m in ("auc_difference", "equalized_odds_difference", "demographic_parity_difference")
        for a in ("race", "sex")
    )
    pairs = tuple(
        Rule(metric=m, attribute=a, scope="pairs", max=0.0)
        for m in ("auc", "true_positive_rate", "accuracy")
        for a in ("race", "sex")
    )
    return [
        World("16 numbers on their margins", exact),
        World("15 numbers, margins on both sides", two_sided),
        World("6 largest gaps, all 0", gaps),
        World("6 sets of pairs, all 0", pairs),
        World("gaps and numbers", (*gaps, *exact)),
    ]


def drawn(n: int, rng: np.random.Generator) -> tuple[Measured, list[Grouping]]:
    """A test set of n people."""
    race, sex = rng.choice(3, n, p=[0.2, 0.3, 0.5]), rng.choice(2, n)
    y = rng.random(n) < 0.4
    z = rng.normal(np.where(y, norm.ppf(TPR), norm.ppf(TPR) - np.sqrt(2) * norm.ppf(AUC)))
    score: FloatArray = norm.cdf(z)
    names = tuple(map(str, range(n)))
    codes = {"race": race, "sex": sex}
    cases = Cases(ids=names, patients=names, attributes=(RACE, SEX), codes=codes, covariates={})
    groupings = [plain(RACE, race), plain(SEX, sex)]
    measures = Shown(y.astype(np.int64), score, 0.5)
    return Measured(Names("m", "d", "s"), cases, measures, "classification"), groupings


def verdict(
    policy: Policy,
    measured: Measured,
    at: Callable[[float], GroupReport],
    groupings: list[Grouping],
) -> str:
    """Of the whole policy."""

    def reports(confidence: float) -> tuple[GroupReport, Sequence[Contrast]]:
        return at(confidence), ()

    def shared() -> float:
        return shared_error_of(policy, [measured], [groupings], SETTINGS)

    return judge_together(policy, reports, SETTINGS.confidence, shared).verdict


def counted(world: World, n: int, simulations: int, seed: int) -> dict[str, Counter[str]]:
    """Verdicts by method, on the same samples."""
    rng = np.random.default_rng(seed)
    found: dict[str, Counter[str]] = {method: Counter() for method in METHODS}
    for _ in range(simulations):
        measured, groupings = drawn(n, rng)
        made: dict[float, GroupReport] = {}

        def at(confidence: float) -> GroupReport:
            if confidence not in made:  # noqa: B023 - used within this turn of the loop alone
                own = replace(SETTINGS, confidence=confidence)
                made[confidence] = summarise(measured, groupings, {}, own)  # noqa: B023
            return made[confidence]  # noqa: B023

        for method in METHODS:
            policy = Policy(name="p", family=method, rules=world.rules)
            found[method][verdict(policy, measured, at, groupings)] += 1
    return found


def main() -> None:
    """Print the table."""
    parser = parsed(__doc__, 1000)
    parser.add_argument("--sizes", nargs="*", default=list(SIZES), choices=list(SIZES))
    arguments = parser.parse_args()
    print("| rules, all true | people | FAIL: each alone | Holm | max-T |")
    print("|---|---|---|---|---|")
    for size in arguments.sizes:
        for k, world in chosen(worlds(), arguments.rows):
            found = counted(world, SIZES[size], arguments.simulations, k)
            shares = [100 * found[m]["FAIL"] / arguments.simulations for m in METHODS]
            cells = " | ".join(f"{share:.1f}" for share in shares)
            print(f"| {world.name} | {size} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
