"""Coverage of intervals that know of the choice of the threshold, and errors of their tests.

Run: python -m benchmarks.coverage_thresholds [--simulations 1000]; prints a table of
benchmarks/README.md.

A validation sample chooses the threshold by a rule, two groups of other people are audited at it.
The truth is the mean, over 4,000 validation samples, of what the population has at the threshold
chosen on each. Scores are normal; of two images of a patient half of the variance is shared, and
one in five has the other outcome.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from audit.threshold import choose
from benchmarks.coverage import FLIPPED, SHARED
from benchmarks.coverage_rows import chosen, parsed
from fairness.arrays import FloatArray, IntArray
from fairness.beside.at_chosen import parts_of, widened
from fairness.beside.chosen_gaps import gaps_of, joined, largest_of
from fairness.beside.sets import CaseSet
from fairness.statistics.binary import BinaryScores
from fairness.statistics.redrawn import RATES, moved_by, rates_at, redrawn_thresholds
from fairness.statistics.settings import Settings

SETTINGS = Settings(suppress_below=0, inferential_from=0)
REPLICATES = 200
TRUTHS = 4000


@dataclass(frozen=True)
class World:
    """Validation people, two audited groups, and the rule."""

    name: str
    people: int
    """Of validation, from both groups in their shares."""
    groups: tuple[int, int]
    rule: str = "youden"
    prevalence: float = 0.5
    auc: float = 0.85
    gap: float = 0.0
    """By which positives of the second group score lower."""
    images: int = 1

    def draw(
        self, sizes: tuple[int, int], rng: np.random.Generator
    ) -> tuple[IntArray, FloatArray, IntArray, IntArray]:
        """Truth, score, group and patient of each image."""
        patient = np.repeat(np.arange(sum(sizes)), self.images)
        group = np.repeat([0, 1], sizes)[patient]
        y = (rng.random(sum(sizes)) < self.prevalence)[patient]
        noise = rng.normal(size=len(patient))
        if self.images > 1:
            y = y ^ (rng.random(len(y)) < FLIPPED)
            shared = rng.normal(size=sum(sizes))[patient]
            noise = np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * noise
        distance = np.sqrt(2) * norm.ppf(self.auc) - self.gap * group
        return y.astype(np.int64), y * distance + noise, group, patient

    def validation(self, rng: np.random.Generator) -> tuple[IntArray, FloatArray, IntArray]:
        """Truth, score and patient of a validation sample."""
        first = int(rng.binomial(self.people, self.groups[0] / sum(self.groups)))
        y, score, _, patient = self.draw((first, self.people - first), rng)
        return y, score, patient

    def by_rule(self, y: IntArray, score: FloatArray) -> float:
        """The threshold."""
        return choose(y, score, self.rule)

    def truth(self, rng: np.random.Generator) -> FloatArray:
        """(2, M) of both groups the mean of each of `RATES` over validation samples."""
        at = [self.by_rule(y, s) for y, s, _ in (self.validation(rng) for _ in range(TRUTHS))]
        share = self.prevalence
        if self.images > 1:
            share = share * (1 - FLIPPED) + (1 - share) * FLIPPED
        found = []
        for group in (0, 1):
            distance = np.sqrt(2) * norm.ppf(self.auc) - self.gap * group
            hits, alarms = share * norm.sf(np.array(at) - distance), (1 - share) * norm.sf(at)
            of_all = (hits / share, alarms / (1 - share), hits / (hits + alarms), hits + alarms)
            found.append([rate.mean() for rate in (*of_all, hits + 1 - share - alarms)])
        return np.array(found)


WORLDS = (
    World("100, youden; 150 v 150", 100, (150, 150)),
    World("300, youden; 300 v 300", 300, (300, 300)),
    World("300, youden; 100 v 1,000, 10 % positive", 300, (100, 1000), prevalence=0.1),
    World("150, youden; 1,500 v 1,500, AUC .95", 150, (1500, 1500), auc=0.95, prevalence=0.3),
    World("5,000, youden; 200 v 200", 5000, (200, 200)),
    World("100, sensitivity .9; 150 v 150", 100, (150, 150), "sensitivity:0.9"),
    World("400, specificity .9; 80 v 400", 400, (80, 400), "specificity:0.9", prevalence=0.2),
    World("300, youden; 300 v 300, gap", 300, (300, 300), gap=0.5),
    World("150, youden; 150 v 150, two images", 150, (150, 150), images=2),
)


def row(world: World, simulations: int, rng: np.random.Generator) -> list[str]:
    """Of everybody's first group each rate; then gaps, and how often they are found."""
    truth = world.truth(rng)
    single, gaps, rejected = defaultdict(list), defaultdict(list), defaultdict(list)
    for _ in range(simulations):
        y, score, patient = world.validation(rng)
        if len(np.unique(y)) < 2:
            continue
        threshold = world.by_rule(y, score)
        seed = int(rng.integers(2**31))
        drawn = redrawn_thresholds(world.by_rule, y, score, patient, REPLICATES, seed)
        y, score, group, patient = world.draw(world.groups, rng)
        scores = BinaryScores(y, score, threshold)
        sets = [CaseSet("group", str(k), np.flatnonzero(group == k), False, True) for k in (0, 1)]
        at = [rates_at(y[one.rows], score[one.rows], drawn) for one in sets]
        pairs = {}
        for m, metric in enumerate(RATES):
            parts = parts_of(scores, metric, sets, patient)
            low, high = widened(parts[0], moved_by(at[0][metric], parts[0].value), 1.959964)
            fixed = widened(parts[0], 0.0, 1.959964)
            if np.isfinite(low):
                held = [a <= truth[0, m] <= b for a, b in (fixed, (low, high))]
                single[metric].append((*held, high - low))
            pairs[metric] = gaps_of(sets, metric, parts, [rates[metric] for rates in at], patient)
            c = pairs[metric].columns(SETTINGS)
            if len(c["low"]) and np.isfinite(c["low"][0]):
                apart = truth[0, m] - truth[1, m]
                inside = c["low"][0] - 1e-9 <= apart <= c["high"][0] + 1e-9
                gaps[metric].append((inside, c["high"][0] - c["low"][0]))
                rejected[metric].append(c["p"][0] < 0.05)
        odds = [pairs["true_positive_rate"], pairs["false_positive_rate"]]
        rejected["equalized_odds"].append(largest_of(joined(odds), SETTINGS)[2] < 0.05)
    cells = [world.name]
    for metric in RATES:
        fixed, held, width = 100 * np.mean(single[metric], axis=0)
        cells.append(f"{fixed:.0f} > {held:.1f} / {width / 100:.3f}")
    for metric in RATES:
        held, width = np.mean(gaps[metric], axis=0)
        cells.append(f"{100 * held:.1f} / {width:.3f}")
    alike = world.gap == 0
    found = [f"{100 * np.mean(rejected[name]):.1f}" for name in (*RATES, "equalized_odds")]
    return [*cells, ", ".join(found) if alike else "-"]


def main() -> None:
    """Print the table."""
    arguments = parsed(__doc__, 1000).parse_args()
    short = ("TPR", "FPR", "PPV", "selected", "accuracy")
    heads = ("validation; audited", *short, *(f"{name} gap" for name in short), "rejected")
    print("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
    for k, world in chosen(WORLDS, arguments.rows):
        cells = row(world, arguments.simulations, np.random.default_rng([15, k]))
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
