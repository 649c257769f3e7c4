"""Coverage of the 95 % intervals of gaps, in simulated audits whose truth is known.

Run: python -m benchmarks.coverage [--simulations 1000]; prints the last table of docs/metrics.md.

Scores are normal with standard deviation 1; negatives of group g have mean c_g, positives
c_g + d_g. AUC, true and false positive rate of each group, the overall AUC and hence every
disparity then have closed forms. Outcomes are random. Several images of one patient share half of
the variance, and one image in five has the other outcome than its patient.
"""

import argparse
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from fairness.arrays import Array, BoolArray, FloatArray, IntArray
from fairness.attributes import Attribute
from fairness.groups import plain
from fairness.statistics import binary
from fairness.statistics.analyse import analyse
from fairness.statistics.measures import Metric, Summary
from fairness.statistics.settings import Settings

LAYOUTS = {  # patients with positive and with negative images expected in each group
    "2 groups of 30/30": ((30, 30),) * 2,
    "3 groups of 30/30": ((30, 30),) * 3,
    "3 groups of 15/15": ((15, 15),) * 3,
    # The test set of Harvard-FairVLMed without unknown attributes: docs/data.md.
    "race": ((75, 77), (184, 101), (701, 745)),
    "gender": ((534, 500), (426, 423)),
    "ethnicity": ((924, 883), (36, 40)),
    "language": ((875, 892), (22, 8), (63, 23)),
}
GAPS = (0.0, 0.05, 0.10)
BEST_AUC, BEST_TPR, SHARED, FLIPPED = 0.85, 0.80, 0.5, 0.2
SHOWN = ("auc", "accuracy", "selection_rate", "true_positive_rate", "false_positive_rate")
COLUMNS = (
    "auc pairs",
    "auc_difference",
    "auc_std",
    "auc_worst",
    "es_auc",
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equal_opportunity_difference",
    "equalized_odds_difference",
)


@dataclass(frozen=True)
class Shown(binary.BinaryScores):
    """Metrics behind the table only, to save time."""

    metrics: tuple[Metric, ...] = tuple(m for m in binary.METRICS if m.name in SHOWN)
    summaries: tuple[Summary, ...] = tuple(
        s for s in binary.SUMMARIES if set(s.metrics) <= set(SHOWN)
    )

    def values(self, rows: IntArray) -> FloatArray:
        """As for all metrics, of the shown ones."""
        return self.kept(super().values(rows))

    def case_values(self, rows: IntArray) -> FloatArray:
        """As for all metrics, of the shown ones."""
        return self.kept(super().case_values(rows))

    def precision(self, rows: IntArray, units: IntArray) -> tuple[FloatArray, FloatArray]:
        """As for all metrics, of the shown ones."""
        variance, patients = binary.BinaryScores.precision(self, rows, units)
        return self.kept(variance), patients

    def among(self, rows: IntArray) -> BoolArray:
        """As for all metrics, of the shown ones."""
        return self.kept(super().among(rows))

    def kept(self, of_all: Array) -> Array:
        """The shown metrics of an array over all."""
        return of_all[[m.name in SHOWN for m in binary.METRICS]]


@dataclass(frozen=True)
class World:
    """Groups whose AUC and true positive rate fall evenly from the first to the last, by `gap`."""

    sizes: tuple[tuple[int, int], ...]
    gap: float
    images: int

    @property
    def steps(self) -> FloatArray:
        """(G,) difference in AUC and true positive rate of each group from the first."""
        return np.linspace(0, self.gap, len(self.sizes))

    @property
    def distance(self) -> FloatArray:
        """(G,) mean score of the positives minus that of the negatives."""
        return np.asarray(norm.ppf(BEST_AUC - self.steps) * np.sqrt(2))

    @property
    def level(self) -> FloatArray:
        """(G,) mean score of the negatives; the threshold is 0."""
        return np.asarray(norm.ppf(BEST_TPR - self.steps) - self.distance)

    def truth(self) -> dict[str, float]:
        """True values of the summaries in the table, by name."""
        p, n = np.array(self.sizes, dtype=float).T
        if self.images > 1:
            p, n = (1 - FLIPPED) * p + FLIPPED * n, (1 - FLIPPED) * n + FLIPPED * p
        apart = (self.level + self.distance)[:, None] - self.level
        overall = (np.outer(p / p.sum(), n / n.sum()) * norm.cdf(apart / np.sqrt(2))).sum()
        auc, tpr, fpr = BEST_AUC - self.steps, BEST_TPR - self.steps, norm.cdf(self.level)
        selected = (p * tpr + n * fpr) / (p + n)
        return {
            "auc_difference": self.gap,
            "auc_std": auc.std(),
            "auc_worst": auc.min(),
            "es_auc": overall / (1 + np.abs(auc - overall).sum()),
            "demographic_parity_difference": np.ptp(selected),
            "demographic_parity_ratio": selected.min() / selected.max(),
            "equal_opportunity_difference": self.gap,
            "equalized_odds_difference": max(self.gap, np.ptp(fpr)),
        }

    def draw(self, rng: np.random.Generator) -> tuple[IntArray, FloatArray, IntArray, IntArray]:
        """Truth, score, group and patient of each image of a new data set."""
        people = np.array([sum(size) for size in self.sizes])
        patient = np.repeat(np.arange(people.sum()), self.images)
        group = np.repeat(np.arange(len(people)), people)
        share = np.array([p / (p + n) for p, n in self.sizes])[group]
        y = (rng.random(len(group)) < share)[patient]
        noise = rng.normal(size=len(patient))
        if self.images > 1:
            y = y ^ (rng.random(len(y)) < FLIPPED)
            shared = rng.normal(size=len(group))[patient]
            noise = np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * noise
        group = group[patient]
        score = norm.cdf(self.level[group] + self.distance[group] * y + noise)
        return y.astype(np.int64), score, group, patient


def gap_row(world: World, simulations: int, rng: np.random.Generator) -> list[str]:
    """Coverage and mean width of every column."""
    truth, settings = world.truth(), Settings(suppress_below=0)
    found = defaultdict(list)
    attribute = Attribute("group", tuple(map(str, range(len(world.sizes)))))
    for _ in range(simulations):
        y, score, group, patient = world.draw(rng)
        groupings = [plain(attribute, group)]
        analysis = analyse(Shown(y, score, 0.5), patient, groupings, settings)
        for e in analysis.estimates:
            if e.metric in truth:
                found[e.metric].append(held(truth[e.metric], e.low, e.high))
        pairs = [
            held(
                world.steps[int(c.group_b)] - world.steps[int(c.group_a)],
                c.low_adjusted,
                c.high_adjusted,
            )
            for c in analysis.contrasts
            if c.metric == "auc"
        ]
        found["auc pairs"].append((min(h for h, _ in pairs), float(np.mean([w for _, w in pairs]))))
    return cells(found, COLUMNS)


def cells(found: Mapping[str, list[tuple[float, float]]], names: Sequence[str]) -> list[str]:
    """Coverage in percent and mean width of each name, over the intervals that there are."""
    means = [np.nanmean(found[name], axis=0) for name in names]
    return [f"{100 * coverage:.1f} / {width:.3f}" for coverage, width in means]


def held(truth: float, low: float | None, high: float | None) -> tuple[float, float]:
    """1 where the interval covers the truth, else 0, and its width; NaN without an interval."""
    if low is None or high is None:
        return np.nan, np.nan
    # Wilson's limits of all or nothing are 1 or 0 but for rounding.
    return float(low - 1e-9 <= truth <= high + 1e-9), high - low


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=1000, help="of each row")
    parser.add_argument("--layouts", nargs="*", default=list(LAYOUTS), choices=list(LAYOUTS))
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    print("| groups | images | gap | " + " | ".join(COLUMNS) + " |")
    print("|---" * (len(COLUMNS) + 3) + "|")
    for layout in arguments.layouts:
        for images in (1, 2):
            for gap in GAPS:
                row = gap_row(World(LAYOUTS[layout], gap, images), arguments.simulations, rng)
                print(f"| {layout} | {images} | {gap} | " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
