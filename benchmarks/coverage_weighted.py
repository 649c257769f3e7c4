"""Coverage of intervals, and errors of tests, of cases that were drawn unequally often.

Run: python -m benchmarks.coverage_weighted [--simulations 1000]; prints a table of
benchmarks/README.md.

Two groups are alike. Each has two kinds of people, hard cases and easy ones, of whom a study drew
hard ones more often, in the last row more seldom; weights undo that. The truth is that of the
undrawn population. Net benefit is that of scores above 0.3.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from benchmarks.coverage import SHARED, held
from benchmarks.coverage_rows import chosen, parsed
from fairness.arrays import FloatArray, IntArray
from fairness.attributes import Attribute
from fairness.groups import plain
from fairness.statistics.analyse import analyse
from fairness.statistics.binary import METRICS, BinaryScores
from fairness.statistics.net_benefit import net_benefit
from fairness.statistics.settings import Settings
from fairness.statistics.weighted import weighted

SETTINGS = Settings(suppress_below=0, inferential_from=0, replicates=100)
SINGLE = (
    "auc",
    "true_positive_rate",
    "positive_predictive_value",
    "accuracy",
    "brier_score",
    "average_precision",
    "calibration_slope",
    "calibration_intercept",
)
GAPS = ("auc_difference", "equalized_odds_difference", "demographic_parity_difference")


CURVE = ("net benefit", "over treating everybody")
FROM = 0.3
"""Threshold of the net benefit."""


@dataclass(frozen=True)
class World:
    """Two groups of people, of whom a share is hard to judge."""

    name: str
    people: tuple[int, int]
    hard: float
    """Share in the population."""
    drawn: float
    """Share in the sample."""
    prevalence: float = 0.5
    aucs: tuple[float, float] = (0.75, 0.95)
    """Of the hard, and of the easy."""
    images: int = 1

    def draw(
        self, rng: np.random.Generator, people: int, share: float
    ) -> tuple[IntArray, FloatArray, FloatArray, IntArray]:
        """Truth, score, weight and patient of each image; `share` of the people are hard."""
        patient = np.repeat(np.arange(people), self.images)
        hard = (rng.random(people) < share)[patient]
        y = (rng.random(people) < self.prevalence)[patient]
        noise = rng.normal(size=len(patient))
        if self.images > 1:
            shared = rng.normal(size=people)[patient]
            noise = np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * noise
        distance = np.sqrt(2) * norm.ppf(np.where(hard, *self.aucs))
        weight = np.where(hard, self.hard / share, (1 - self.hard) / (1 - share))
        return y.astype(np.int64), norm.cdf((y - 0.5) * distance + noise), weight, patient


WORLDS = (
    World("300 v 300, 10 % hard, half of the drawn", (300, 300), 0.1, 0.5),
    World("100 v 1,000, 10 % hard, half of the drawn", (100, 1000), 0.1, 0.5),
    World("100 v 100, 50 % hard, 80 % of the drawn", (100, 100), 0.5, 0.8),
    World("400 v 400, 10 % positive, 20 % hard, half", (400, 400), 0.2, 0.5, 0.1),
    World("150 v 150, two images, 20 % hard, half", (150, 150), 0.2, 0.5, images=2),
    World("80 v 80, 40 % very hard, 10 % of the drawn", (80, 80), 0.4, 0.1, aucs=(0.65, 0.95)),
)


def row(world: World, simulations: int, rng: np.random.Generator) -> list[str]:
    """Coverage and width of the numbers of the first group; how often gaps are found."""
    y, score, _, _ = world.draw(rng, 500_000, world.hard)
    values = BinaryScores(y, score, 0.5).values(np.arange(len(y)))
    truth = dict(zip((metric.name for metric in METRICS), values, strict=True))
    gained = np.where(y == 1, 1.0, -FROM / (1 - FROM))
    of_model = float((gained * (score >= FROM)).mean())
    truth |= zip(CURVE, (of_model, of_model - float(gained.mean())), strict=True)
    found, rejected = defaultdict(list), defaultdict(list)
    for _ in range(simulations):
        drawn = [world.draw(rng, people, world.drawn) for people in world.people]
        y, score, weight = (np.concatenate([d[part] for d in drawn]) for part in range(3))
        group = np.repeat([0, 1], [len(d[0]) for d in drawn])
        patient = np.concatenate([drawn[0][3], drawn[1][3] + world.people[0]])
        for metric, (_, low, high) in curve(*drawn[0]).items():
            found[metric].append(held(truth[metric], low, high))
        scores = weighted(BinaryScores(y, score, 0.5), weight)
        grouping = plain(Attribute("group", ("0", "1")), group)
        analysis = analyse(scores, patient, [grouping], SETTINGS)
        for e in analysis.estimates:
            if (e.attribute, e.group) == ("group", "0") and e.metric in SINGLE:
                found[e.metric].append(held(truth[e.metric], e.low, e.high))
        for c in analysis.contrasts:
            if c.metric in GAPS and c.p is not None:
                rejected[c.metric].append(c.p < 0.05)
    means = [np.nanmean(found[metric], axis=0) for metric in (*SINGLE, *CURVE)]
    cells = [f"{100 * coverage:.1f} / {width:.3f}" for coverage, width in means]
    return cells + [f"{100 * np.mean(rejected[metric]):.1f}" for metric in GAPS]


def curve(
    y: IntArray, score: FloatArray, weight: FloatArray, patient: IntArray
) -> dict[str, tuple[float, float, float]]:
    """Net benefit of the cases of a group, and that over treating everybody, with limits."""
    one = net_benefit(y == 1, score >= FROM, patient, FROM, SETTINGS.quantile, weight)
    return dict(zip(CURVE, (one.of_model, one.over_all), strict=True))


def main() -> None:
    """Print the table."""
    arguments = parsed(__doc__, 1000).parse_args()
    heads = ("groups", *SINGLE, *CURVE, *(f"{gap}: rejected" for gap in GAPS))
    print("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
    for k, world in chosen(WORLDS, arguments.rows):
        cells = row(world, arguments.simulations, np.random.default_rng([14, k]))
        print("| " + " | ".join((world.name, *cells)) + " |", flush=True)


if __name__ == "__main__":
    main()
