"""Coverage of intervals of numbers at another prevalence, and errors of the tests of their gaps.

Run: python -m benchmarks.coverage_prevalence [--simulations 2000]; prints two tables of
benchmarks/README.md.

Scores are the normal distribution's function of normal numbers: of negatives with mean -d / 2, of
positives d / 2, standard deviation 1. Outcomes are random. Of two images of a patient half of the
variance is shared, and one image in five has the other outcome than its patient. The truth of
errors and of calibration is that of 200,000 people. A gap is found where its interval excludes 0,
which is where p < 0.05.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from benchmarks.coverage import FLIPPED, SHARED, held
from benchmarks.coverage_rows import chosen, parsed
from fairness.arrays import FloatArray, IntArray
from fairness.beside.numbers import INTERCEPT, Numbers, numbers_of
from fairness.beside.sets import CaseSet
from fairness.statistics.binary import BinaryScores
from fairness.statistics.intervals import mover_difference
from fairness.statistics.settings import Settings
from fairness.statistics.standardised import METRICS

COLUMNS = (*METRICS, INTERCEPT)
SETTINGS = Settings(suppress_below=0, inferential_from=0)


@dataclass(frozen=True)
class World:
    """Two groups of the same people, of whom a share is positive."""

    name: str
    people: tuple[int, int]
    seen: float
    """Share of positives in the data."""
    meant: float
    """Share of positives among the patients to come."""
    auc: float
    threshold: float = 0.5
    images: int = 1

    def draw(self, rng: np.random.Generator, people: int) -> tuple[IntArray, FloatArray, IntArray]:
        """Truth, score and patient of each image of one group."""
        patient = np.repeat(np.arange(people), self.images)
        y = (rng.random(people) < self.seen)[patient]
        noise = rng.normal(size=len(patient))
        if self.images > 1:
            y = y ^ (rng.random(len(y)) < FLIPPED)
            shared = rng.normal(size=people)[patient]
            noise = np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * noise
        distance = np.sqrt(2) * norm.ppf(self.auc)
        return y.astype(np.int64), norm.cdf((y - 0.5) * distance + noise), patient


WORLDS = (
    World("300 v 300, 50 % > 8 %, AUC .85", (300, 300), 0.5, 0.08, 0.85),
    World("60 v 60, 50 % > 8 %, AUC .85", (60, 60), 0.5, 0.08, 0.85),
    World("30 v 300, 50 % > 10 %, AUC .95", (30, 300), 0.5, 0.10, 0.95),
    World("100 v 1,000, 30 % > 5 %, AUC .9, t .3", (100, 1000), 0.3, 0.05, 0.9, 0.3),
    World("200 v 2,000, 10 % > 2 %, AUC .9, t .2", (200, 2000), 0.1, 0.02, 0.9, 0.2),
    World("200 v 200, 10 % > 40 %, AUC .8", (200, 200), 0.1, 0.4, 0.8),
    World("60 v 600, two images, 50 % > 8 %, AUC .85", (60, 600), 0.5, 0.08, 0.85, images=2),
    World("150 v 150, two images, 20 % > 5 %, AUC .9", (150, 150), 0.2, 0.05, 0.9, images=2),
)


def row(
    world: World, simulations: int, rng: np.random.Generator
) -> tuple[Sequence[str], Sequence[str]]:
    """Coverage and mean width of each number; how often its gap is found where there is none."""
    truth = {m: n.value[0] for m, n in numbers(world, [world.draw(rng, 200_000)]).items()}
    found: dict[str, list[tuple[float, float]]] = {metric: [] for metric in COLUMNS}
    rejected: dict[str, list[float]] = {metric: [] for metric in COLUMNS}
    for _ in range(simulations):
        drawn = [world.draw(rng, people) for people in world.people]
        of_both = numbers(world, drawn)
        for metric, one in of_both.items():
            low, high = one.limits(np.arange(2), SETTINGS.quantile)
            if np.isfinite(one.value[0]):
                found[metric].append(held(truth[metric], low[0], high[0]))
            if np.isfinite(one.value).all():
                (a, b), alone = one.value, np.zeros(1)
                ends = mover_difference(a, (low[0], high[0]), b, (low[1], high[1]), alone)
                rejected[metric].append(float(ends[0][0] > 0 or ends[1][0] < 0))
    means = {metric: np.nanmean(found[metric], axis=0) for metric in COLUMNS}
    return (
        [f"{100 * coverage:.1f} / {width:.3f}" for coverage, width in means.values()],
        [f"{100 * np.mean(rejected[metric]):.1f}" for metric in COLUMNS],
    )


def numbers(
    world: World, drawn: Sequence[tuple[IntArray, FloatArray, IntArray]]
) -> dict[str, Numbers]:
    """Numbers of one or two groups."""
    lengths = [len(y) for y, _, _ in drawn]
    rows = np.split(np.arange(sum(lengths)), np.cumsum(lengths)[:-1])
    sets = [CaseSet("group", str(k), r, False, True) for k, r in enumerate(rows)]
    y, score = (np.concatenate([d[part] for d in drawn]) for part in (0, 1))
    scores = BinaryScores(y, score, world.threshold)
    units = [patient for _, _, patient in drawn]
    at = np.full(len(drawn), world.meant)
    return numbers_of(scores, sets, units, at, are_probabilities=True)


def main() -> None:
    """Print both tables."""
    arguments = parsed(__doc__, 2000).parse_args()
    lines = []
    print("| groups | " + " | ".join(COLUMNS) + " |\n|" + "---|" * (len(COLUMNS) + 1))
    for k, world in chosen(WORLDS, arguments.rows):
        covered, rejected = row(world, arguments.simulations, np.random.default_rng([7, k]))
        print(f"| {world.name} | " + " | ".join(covered) + " |", flush=True)
        lines.append(f"| {world.name} | " + " | ".join(rejected) + " |")
    print("\n| groups that do not differ | " + " | ".join(COLUMNS) + " |")
    print("|" + "---|" * (len(COLUMNS) + 1) + "\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
