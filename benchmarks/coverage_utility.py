"""Coverage of intervals of net benefit, and of what a cross-fitted recalibration changes.

Run: python -m benchmarks.coverage_utility [--simulations 1000]; prints two tables of
benchmarks/README.md.

Scores are the normal distribution's function of normal numbers, the classes an AUC apart. A change
is held to what the fitted recalibrations do to thirty thousand other people.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import norm

from benchmarks.coverage import FLIPPED, SHARED
from benchmarks.coverage_rows import chosen, parsed
from fairness.arrays import FloatArray, IntArray
from fairness.beside.recalibrate import MEANS, case_numbers, mean_change
from fairness.statistics.binary import BinaryScores
from fairness.statistics.cross_fit import by_lines, folds_of, lines_of
from fairness.statistics.net_benefit import net_benefit

Q = 1.959964


@dataclass(frozen=True)
class World:
    """One group; the threshold is that of the scores."""

    name: str
    people: int
    prevalence: float
    auc: float
    threshold: float
    images: int = 1

    def draw(self, rng: np.random.Generator, people: int) -> tuple[IntArray, FloatArray, IntArray]:
        """Truth, score and patient of each image."""
        patient = np.repeat(np.arange(people), self.images)
        y = (rng.random(people) < self.prevalence)[patient]
        noise = rng.normal(size=len(patient))
        if self.images > 1:
            y = y ^ (rng.random(len(y)) < FLIPPED)
            shared = rng.normal(size=people)[patient]
            noise = np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * noise
        distance = np.sqrt(2) * norm.ppf(self.auc)
        return y.astype(np.int64), norm.cdf((y - 0.5) * distance + noise), patient


WORLDS = (
    World("60, 50 %, AUC .85, t .5", 60, 0.5, 0.85, 0.5),
    World("300, 50 %, AUC .85, t .3", 300, 0.5, 0.85, 0.3),
    World("300, 10 %, AUC .9, t .2", 300, 0.1, 0.9, 0.2),
    World("1,000, 5 %, AUC .9, t .1", 1000, 0.05, 0.9, 0.1),
    World("200, 30 %, AUC .97, t .6", 200, 0.3, 0.97, 0.6),
    World("150, two images, 30 %, AUC .85, t .4", 150, 0.3, 0.85, 0.4, images=2),
)
LARGE = 30_000


def curve_row(world: World, simulations: int, rng: np.random.Generator) -> list[str]:
    """Coverage and width of the net benefit, and of that over treating everybody."""
    y, score, _ = world.draw(rng, 2_000_000 // world.images)
    cost = world.threshold / (1 - world.threshold)
    gained = np.where(y == 1, 1.0, -cost)
    of_model = (gained * (score >= world.threshold)).mean()
    truth = (of_model, of_model - gained.mean())
    found = []
    for _ in range(simulations):
        y, score, patient = world.draw(rng, world.people)
        one = net_benefit(y == 1, score >= world.threshold, patient, world.threshold, Q)
        for (_, low, high), true in zip((one.of_model, one.over_all), truth, strict=True):
            found.append((low <= true <= high, high - low))
    means = np.array(found).reshape(simulations, 2, 2).mean(0)
    return [f"{100 * coverage:.1f} / {width:.3f}" for coverage, width in means]


def change_row(world: World, simulations: int, rng: np.random.Generator) -> list[str]:
    """Coverage and width of the change in Brier score and in net benefit."""
    y, score, _ = world.draw(rng, LARGE)
    large, everyone = BinaryScores(y, score, world.threshold), np.arange(len(y))
    served = {metric: case_numbers(large, everyone, metric).mean() for metric in MEANS}
    found: dict[str, list[tuple[float, float]]] = {metric: [] for metric in MEANS}
    for _ in range(simulations):
        y, score, patient = world.draw(rng, world.people)
        folds = folds_of(patient, 0)
        lines = [line for line in lines_of(y, score, folds) if line is not None]
        if len(lines) < folds.max() + 1:
            continue
        scores, rows = BinaryScores(y, score, world.threshold), np.arange(len(y))
        now = replace(scores, score=by_lines(score, folds, lines))
        later = [replace(large, score=line.of(large.score)) for line in lines]
        share = np.bincount(folds) / len(folds)
        for metric in MEANS:
            by_case = case_numbers(now, rows, metric) - case_numbers(scores, rows, metric)
            _, low, high = mean_change(by_case, patient, Q)
            after = [case_numbers(one, everyone, metric).mean() for one in later]
            truth = float(share @ after) - served[metric]
            known = np.isfinite(low)  # too few people may have changed
            covered = float(low <= truth <= high) if known else np.nan
            found[metric].append((covered, high - low))
    cells = []
    for metric in MEANS:
        coverage, width = np.nanmean(found[metric], axis=0) if found[metric] else (np.nan,) * 2
        cells.append(f"{100 * coverage:.1f} / {width:.3f}")
    there = [int(np.isfinite([width for _, width in found[metric]]).sum()) for metric in MEANS]
    return [*cells, f"{there[0]}, {there[1]}"]


def line(cells: list[str]) -> str:
    """One line of a table."""
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Print both tables."""
    arguments = parsed(__doc__, 1000).parse_args()
    print(line(["people", "net benefit", "over treating everybody"]) + "\n|---|---|---|")
    for k, world in chosen(WORLDS, arguments.rows):
        row = curve_row(world, 2 * arguments.simulations, np.random.default_rng([11, k]))
        print(line([world.name, *row]), flush=True)
    heads = ["people", "change of Brier", "change of net benefit", "intervals"]
    print("\n" + line(heads) + "\n|---|---|---|---|")
    for k, world in chosen(WORLDS, arguments.rows):
        row = change_row(world, arguments.simulations // 2, np.random.default_rng([12, k]))
        print(line([world.name, *row]), flush=True)


if __name__ == "__main__":
    main()
