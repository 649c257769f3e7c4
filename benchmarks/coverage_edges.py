"""Errors of tests and coverage of intervals at the edges: few positives, AUCs near 1, ties.

Run: python -m benchmarks.coverage_edges [--simulations 2000]; prints two tables of docs/metrics.md.

Negatives of group g have mean -d_g / 2 and standard deviation s_g, positives d_g / 2 and r_g s_g;
cut into `levels` equal steps if asked. Outcomes are random. Of two images of a patient half of the
variance is shared, and one image in five has the other outcome than its patient.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from benchmarks.coverage import FLIPPED, SHARED, Shown, held
from fairness.arrays import FloatArray, IntArray
from fairness.attributes import Attribute
from fairness.groups import plain
from fairness.outcomes import Contrast
from fairness.statistics.analyse import Analysis, analyse
from fairness.statistics.settings import Settings

SETTINGS = Settings(suppress_below=0, inferential_from=0, replicates=400)
TESTED = {
    "AUC pair": "auc",
    "TPR pair": "true_positive_rate",
    "FPR pair": "false_positive_rate",
    "AUC gap": "auc_difference",
    "EOD": "equalized_odds_difference",
    "DPD": "demographic_parity_difference",
}
COVERED = ("auc", "auc_difference", "auc_worst", "es_auc", "es_accuracy")
LEAST, MOST = -3.0, 3.0
"""Of the scores that are cut into levels."""


@dataclass(frozen=True)
class Edge:
    """Groups of patients at an edge of the method."""

    name: str
    sizes: tuple[int, ...]
    prevalence: float
    aucs: tuple[float, ...]
    spreads: tuple[float, ...] = ()
    """Of each group; 1 if not given."""
    wider: float = 1.0
    """Spread of the positives over that of the negatives."""
    levels: int = 0
    """Number of score levels; 0: continuous."""
    images: int = 1

    def parts(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """(G,) distance of the classes, and standard deviation of negatives and of positives."""
        spread = np.array(self.spreads or (1.0,) * len(self.sizes))
        distance = norm.ppf(self.aucs) * spread * np.hypot(1.0, self.wider)
        return distance, spread, spread * self.wider

    def shares(self) -> tuple[FloatArray, FloatArray]:
        """(G, L) share of the negatives and of the positives of each group in each level."""
        distance, of_negatives, of_positives = self.parts()
        edges = np.linspace(LEAST, MOST, (self.levels or 4000) + 1)[1:-1]
        negative = norm.cdf((edges + distance[:, None] / 2) / of_negatives[:, None])
        positive = norm.cdf((edges - distance[:, None] / 2) / of_positives[:, None])
        return np.diff(negative, prepend=0, append=1), np.diff(positive, prepend=0, append=1)

    def truth(self) -> dict[str, float]:
        """Overall AUC, ES-AUC and ES-accuracy at the threshold 0, and the AUC gap."""
        negative, positive = self.shares()
        aucs = np.array([_auc(n, p) for n, p in zip(negative, positive, strict=True)])
        weight = np.array(self.sizes) / sum(self.sizes)
        overall = _auc(weight @ negative, weight @ positive)
        half, pi = positive.shape[1] // 2, self.prevalence  # scores from 0 on are positive
        if self.images > 1:
            pi = pi * (1 - FLIPPED) + (1 - pi) * FLIPPED
        right = pi * positive[:, half:].sum(1) + (1 - pi) * negative[:, :half].sum(1)
        mean = weight @ right
        return {
            "auc_difference": float(np.ptp(aucs)),
            "auc_worst": float(aucs.min()),
            "es_auc": float(overall / (1 + np.abs(aucs - overall).sum())),
            "es_accuracy": float(mean / (1 + np.abs(right - mean).sum())),
            "auc": float(aucs[0] - aucs[-1]),
        }

    def draw(self, rng: np.random.Generator) -> tuple[IntArray, FloatArray, IntArray, IntArray]:
        """Truth, score, group and patient of each image of a new data set."""
        group = np.repeat(np.arange(len(self.sizes)), self.sizes)
        patient = np.repeat(np.arange(len(group)), self.images)
        y = (rng.random(len(group)) < self.prevalence)[patient]
        noise = rng.normal(size=len(patient))
        if self.images > 1:
            y = y ^ (rng.random(len(y)) < FLIPPED)
            shared = rng.normal(size=len(group))[patient]
            noise = np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * noise
        group = group[patient]
        distance, of_negatives, of_positives = (part[group] for part in self.parts())
        score = (y - 0.5) * distance + np.where(y, of_positives, of_negatives) * noise
        if self.levels:
            step = (MOST - LEAST) / self.levels
            score = np.clip((score - LEAST) // step, 0, self.levels - 1) + 0.5 - self.levels / 2
        return y.astype(np.int64), score, group, patient


EDGES = (
    Edge("150 v 1,500, 10 %, AUC .976", (150, 1500), 0.1, (0.976, 0.976)),
    Edge("600 v 6,000, 2.5 %, five levels", (600, 6000), 0.025, (0.9, 0.9), levels=5),
    Edge("300 v 3,000, 2 %, AUC .90", (300, 3000), 0.02, (0.9, 0.9)),
    Edge("40 v 400, AUC .985", (80, 800), 0.5, (0.985, 0.985)),
    Edge("40 v 400, AUC .80", (80, 800), 0.5, (0.8, 0.8)),
    Edge("40 v 40, AUC .985", (80, 80), 0.5, (0.985, 0.985)),
    Edge("40 v 40, AUC .985 and 1", (80, 80), 0.5, (0.985, 1 - 1e-12)),
    Edge("24 v 24, AUC .981", (48, 48), 0.5, (0.981, 0.981)),
    Edge("24 v 24 v 24, AUC .85", (48, 48, 48), 0.5, (0.85, 0.85, 0.85)),
    Edge("24 v 240 v 240, AUC .976", (48, 480, 480), 0.5, (0.976,) * 3),
    Edge("five groups of 20, AUC .9", (40,) * 5, 0.5, (0.9,) * 5),
    Edge("40 v 400, AUC .90, five levels", (80, 800), 0.5, (0.9, 0.9), levels=5),
    Edge("40 v 400, two images, AUC .95", (80, 800), 0.5, (0.95, 0.95), images=2),
    Edge("24 v 240 v 240, two images, AUC .85", (48, 480, 480), 0.5, (0.85,) * 3, images=2),
    Edge("equal AUC .834, unequal spread", (240, 2400), 0.5, (0.834, 0.834), (1.0, 3.0)),
    Edge("equal AUC, positives 4 x as wide", (80, 800), 0.5, (0.85, 0.85), wider=4.0),
)


def _auc(negative: FloatArray, positive: FloatArray) -> float:
    below = np.cumsum(negative) - negative / 2
    return float(below @ positive)


def rejected(contrasts: Sequence[Contrast], metric: str) -> float:
    """1 where any p of the metric, adjusted within its family, is below 0.05; NaN without a p."""
    found = [c.p_adjusted for c in contrasts if c.metric == metric and c.p_adjusted is not None]
    return float(min(found) < 0.05) if found else np.nan


def agrees(contrast: Contrast) -> bool:
    """Whether each p is below 0.05 exactly where the interval with it excludes 0."""
    couples = [(contrast.low, contrast.high, contrast.p)]
    couples.append((contrast.low_adjusted, contrast.high_adjusted, contrast.p_adjusted))
    return all(
        (p < 0.05) == (low > 0 or high < 0)
        for low, high, p in couples
        if low is not None and high is not None and p is not None
    )


def edge_rows(edge: Edge, simulations: int, rng: np.random.Generator) -> tuple[str, str]:
    """Errors of the tests in percent; coverage and mean width of the intervals."""
    truth = edge.truth()
    errors, covered = defaultdict(list), defaultdict(list)
    attribute = Attribute("group", tuple(map(str, range(len(edge.sizes)))))
    for _ in range(simulations):
        y, score, group, patient = edge.draw(rng)
        analysis: Analysis = analyse(
            Shown(y, score, 0.0), patient, [plain(attribute, group)], SETTINGS
        )
        if not all(map(agrees, analysis.contrasts)):
            raise AssertionError(f"{edge.name}: a p disagrees with its interval")
        for title, metric in TESTED.items():
            errors[title].append(rejected(analysis.contrasts, metric))
        for e in analysis.estimates:
            if e.attribute == "group" and e.metric in COVERED[1:]:
                covered[e.metric].append(held(truth[e.metric], e.low, e.high))
        ends = ("0", str(len(edge.sizes) - 1))
        for c in analysis.contrasts:
            if c.metric == "auc" and (c.group_a, c.group_b) == ends:
                covered["auc"].append(held(truth["auc"], c.low, c.high))
    tests = [f"{100 * np.nanmean(errors[title]):.1f}" for title in TESTED]
    if len(set(edge.aucs)) > 1:
        tests = ["-"] * len(TESTED)  # the groups do differ
    return f"| {edge.name} | " + " | ".join(tests) + " |", coverage_row(edge.name, covered)


def coverage_row(name: str, covered: dict[str, list[tuple[float, float]]]) -> str:
    """Coverage in percent, mean width, and the share of samples without interval where any is."""
    cells = []
    for metric in COVERED:
        coverage, width = np.nanmean(covered[metric], axis=0)
        without = np.isnan([width for _, width in covered[metric]]).mean()
        note = f" ({100 * without:.0f} % none)" if without >= 0.005 else ""
        cells.append(f"{100 * coverage:.1f} / {width:.3f}{note}")
    return f"| {name} | " + " | ".join(cells) + " |"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=2000, help="of each row")
    parser.add_argument("--rows", nargs="*", type=int, default=list(range(len(EDGES))))
    arguments = parser.parse_args()
    coverage = []
    print("| groups | " + " | ".join(TESTED) + " |")
    print("|---" * (len(TESTED) + 1) + "|")
    for row in arguments.rows:
        rng = np.random.default_rng([0, row])
        of_tests, of_intervals = edge_rows(EDGES[row], arguments.simulations, rng)
        coverage.append(of_intervals)
        print(of_tests, flush=True)
    print("\n| groups | AUC pair | " + " | ".join(COVERED[1:]) + " |")
    print("|---" * (len(COVERED) + 1) + "|")
    print("\n".join(coverage))


if __name__ == "__main__":
    main()
