"""Coverage of the 95 % interval of one metric of one group.

Run: python -m benchmarks.coverage_single [--simulations 1000] [--auc-simulations 4000]; prints the
first tables of docs/metrics.md.

Scores come from families that have a member for every AUC. An AUC depends on ranks alone, so that a
family stands for all increasing transformations of it: the uniform ones are exponential ones too.
Two families are mirror images where classes swapped and order reversed turn one into the other;
coverage is then the same with class sizes swapped, and positives may be the rarer class throughout.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import norm

from benchmarks.coverage import World, cells, held
from fairness.arrays import FloatArray, IntArray
from fairness.statistics import binary
from fairness.statistics.analyse import analyse
from fairness.statistics.delong import delong
from fairness.statistics.intervals import Limits, auc_score_interval, logit_interval
from fairness.statistics.settings import Settings

CLASS_SIZES = ((8, 8), (8, 40), (8, 300), (10, 10), (15, 35), (30, 30), (30, 300), (100, 100))
AUCS = (0.6, 0.7, 0.8, 0.9, 0.95)
SKEWED_SIZES = ((8, 8), (8, 300), (15, 35), (30, 30), (30, 300), (100, 100))
WIDE = 2.0
SINGLE = (
    "accuracy",
    "true_positive_rate",
    "positive_predictive_value",
    "average_precision",
    "brier_score",
    "calibration_slope",
    "calibration_intercept",
)


def normal(
    rng: np.random.Generator, y: IntArray, auc: float, wide: int | None = None
) -> FloatArray:
    """Normal with standard deviation 1, of class `wide` (0 or 1) with 2."""
    spread = np.where(y == wide, WIDE, 1.0)
    total = np.sqrt(2.0) if wide is None else np.hypot(1.0, WIDE)
    return np.asarray(rng.normal(total * norm.ppf(auc) * y, spread))


def uniform(rng: np.random.Generator, y: IntArray, auc: float, crowded: int) -> FloatArray:
    """Uniform in [0, 1], but class `crowded` denser towards its own end (a beta distribution)."""
    far = rng.random(y.shape) ** np.where(y == crowded, 1 / auc - 1, 1.0)
    return np.asarray(far if crowded else 1 - far)


def overlooked(rng: np.random.Generator, y: IntArray, auc: float) -> FloatArray:
    """A share 2 (1 - auc) of the positives scores like negatives, the others above them all."""
    found = (y == 1) & (rng.random(y.shape) >= 2 * (1 - auc))
    return np.asarray(rng.random(y.shape) + found)


FAMILIES: dict[str, Callable[[np.random.Generator, IntArray, float], FloatArray]] = {
    "wide positives": lambda rng, y, auc: normal(rng, y, auc, wide=1),
    "wide negatives": lambda rng, y, auc: normal(rng, y, auc, wide=0),
    "crowded negatives": lambda rng, y, auc: uniform(rng, y, auc, crowded=0),
    "crowded positives": lambda rng, y, auc: uniform(rng, y, auc, crowded=1),
    "overlooked positives": overlooked,
}


def auc_table(simulations: int, rng: np.random.Generator) -> None:
    """Normal scores: coverage, mean width and misses of the default, and of the logit interval."""
    heading("| positives/negatives |")
    for sizes in CLASS_SIZES:
        row = []
        for auc in AUCS:
            ours, usual = limits(normal(rng, labels(sizes, simulations), auc), sizes)
            row.append(f"{cell(ours, auc)}, {misses(ours, auc)} ({cell(usual, auc)})")
        print(f"| {sizes[0]}/{sizes[1]} | " + " | ".join(row) + " |", flush=True)


def skewed_table(simulations: int, rng: np.random.Generator) -> None:
    """The same for every other family of scores, without the misses."""
    heading("\n| scores | positives/negatives |")
    for family, draw in FAMILIES.items():
        for sizes in SKEWED_SIZES:
            row = []
            for auc in AUCS:
                ours, usual = limits(draw(rng, labels(sizes, simulations), auc), sizes)
                row.append(f"{cell(ours, auc)} ({cell(usual, auc)})")
            print(f"| {family} | {sizes[0]}/{sizes[1]} | " + " | ".join(row) + " |", flush=True)


def heading(first: str) -> None:
    """Print the head of a table whose last columns are the AUCs."""
    line = first + "".join(f" AUC {auc} |" for auc in AUCS)
    print(line + "\n" + "|---" * (line.count("|") - 1) + "|")


def labels(sizes: tuple[int, int], simulations: int) -> IntArray:
    """(simulations, n) of 1 for the positives, which come first, and 0."""
    return np.tile(np.repeat([1, 0], sizes), (simulations, 1))


def limits(scores: FloatArray, sizes: tuple[int, int]) -> tuple[Limits, Limits]:
    """The default and the logit-DeLong interval of every row of scores (simulations, n)."""
    y = np.repeat([1, 0], sizes)
    value, variance = np.array([delong(y, row) for row in scores]).T
    positives, negatives = (np.full(len(scores), float(size)) for size in sizes)
    ours = auc_score_interval(value, variance, negatives, positives, 1.96)
    return ours, logit_interval(value, variance, 1.96)


def cell(interval: Limits, truth: float) -> str:
    """Coverage in percent and mean width."""
    low, high = interval
    return f"{100 * ((low <= truth) & (truth <= high)).mean():.1f} / {(high - low).mean():.3f}"


def misses(interval: Limits, truth: float) -> str:
    """Percentage of intervals above the truth, and of intervals below it."""
    low, high = interval
    return f"{100 * (low > truth).mean():.1f} + {100 * (high < truth).mean():.1f}"


def other_table(simulations: int, rng: np.random.Generator) -> None:
    """Metrics of one group other than the AUC; the truth is that of one large draw."""
    print("\n| group | images | " + " | ".join(SINGLE) + " |")
    print("|---" * (len(SINGLE) + 2) + "|")
    for size in ((15, 15), (30, 30), (100, 100)):
        for images in (1, 2):
            print(f"| {size[0]}/{size[1]} | {images} | ", end="")
            print(" | ".join(other_row(size, images, simulations, rng)) + " |", flush=True)


def other_row(
    size: tuple[int, int], images: int, simulations: int, rng: np.random.Generator
) -> Sequence[str]:
    """Coverage and mean width of the metrics other than the AUC."""
    y, score, *_ = World(((200_000, 200_000),), 0.0, images).draw(rng)
    values = binary.BinaryScores(y, score, 0.5).values(np.arange(len(y)))
    truth = dict(zip((metric.name for metric in binary.METRICS), values, strict=True))
    found = defaultdict(list)
    for _ in range(simulations):
        y, score, _, patient = World((size,), 0.0, images).draw(rng)
        for e in analyse(binary.BinaryScores(y, score, 0.5), patient, [], Settings()).estimates:
            found[e.metric].append(held(truth[e.metric], e.low, e.high))
    return cells(found, SINGLE)


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=1000, help="of each row of others")
    parser.add_argument("--auc-simulations", type=int, default=4000, help="of each AUC")
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    auc_table(arguments.auc_simulations, rng)
    skewed_table(arguments.auc_simulations, np.random.default_rng(1))
    other_table(arguments.simulations, rng)


if __name__ == "__main__":
    main()
