"""How often the 95 % intervals hold the truth, in simulated audits whose truth is known.

Run: python -m benchmarks.coverage [--simulations 1000]; prints the tables of docs/metrics.md.

Scores are normal: negatives of group g have mean c_g, positives mean c_g + d_g, standard deviation 1.
AUC, true and false positive rate of each group, the overall AUC and hence every disparity then have
closed forms. Several images of a patient share half of the variance, and one image in five has the
other outcome than its patient. Outcomes are random, one half positive or as published.
"""

import argparse
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from fairness.attributes import Attribute
from fairness.groups import plain
from fairness.statistics.analyse import analyse
from fairness.statistics.binary import BinaryScores
from fairness.statistics.delong import delong
from fairness.statistics.intervals import auc_score_interval, logit_interval
from fairness.statistics.settings import Settings

LAYOUTS = {  # positives and negatives expected in each group
    "2 x 30/30": ((30, 30),) * 2,
    "3 x 30/30": ((30, 30),) * 3,
    "5 x 30/30": ((30, 30),) * 5,
    "3 x 100/100": ((100, 100),) * 3,
    "3 x 15/15": ((15, 15),) * 3,
    # Harvard-FairVLMed's filtered test set
    "race": ((75, 77), (184, 101), (701, 745)),
    "gender": ((534, 500), (426, 423)),
    "ethnicity": ((924, 883), (36, 40)),
    "language": ((875, 892), (22, 8), (63, 23)),
}
GAPS = (0.0, 0.05, 0.10)
BEST_AUC, BEST_TPR, THRESHOLD, SHARED = 0.85, 0.80, 0.0, 0.5


@dataclass(frozen=True)
class Truth:
    """Groups of given sizes whose AUC and true positive rate fall evenly, by `gap` in all."""

    sizes: tuple[tuple[int, int], ...]
    gap: float

    def steps(self):
        return np.linspace(0, self.gap, len(self.sizes))

    @property
    def auc(self):
        return BEST_AUC - self.steps()

    @property
    def distance(self):
        return norm.ppf(self.auc) * np.sqrt(2)

    @property
    def shift(self):
        return THRESHOLD + norm.ppf(BEST_TPR - self.steps()) - self.distance

    def numbers(self):
        positives, negatives = np.array(self.sizes, dtype=float).T
        apart = self.shift[:, None] + self.distance[:, None] - self.shift[None, :]
        weights = np.outer(positives / positives.sum(), negatives / negatives.sum())
        overall = (weights * norm.cdf(apart / np.sqrt(2))).sum()
        tpr, fpr = BEST_TPR - self.steps(), norm.sf(THRESHOLD - self.shift)
        selected = (positives * tpr + negatives * fpr) / (positives + negatives)
        return {
            "auc_difference": self.gap,
            "es_auc": overall / (1 + np.abs(self.auc - overall).sum()),
            "auc_std": self.auc.std(),
            "auc_worst": self.auc.min(),
            "demographic_parity_difference": np.ptp(selected),
            "demographic_parity_ratio": selected.min() / selected.max(),
            "equal_opportunity_difference": self.gap,
            "equalized_odds_difference": max(self.gap, np.ptp(fpr)),
        }

    def draw(self, rng, images):
        """One data set: truth, score, group and patient of each image."""
        n = np.array([sum(size) for size in self.sizes])
        group = np.repeat(np.arange(len(n)), n)
        patient_outcome = rng.random(len(group)) < np.repeat([p / (p + q) for p, q in self.sizes], n)
        patient = np.repeat(np.arange(len(group)), images)
        group, y = group[patient], patient_outcome[patient]
        if images > 1:
            y = y ^ (rng.random(len(y)) < 0.2)
        noise = rng.normal(size=len(y))
        if images > 1:
            shared = rng.normal(size=patient[-1] + 1)[patient]
            noise = np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * noise
        score = self.shift[group] + self.distance[group] * y + noise
        return y.astype(np.int64), norm.cdf(score - THRESHOLD), group, patient


def gap_coverage(sizes, gap, images, simulations, settings, rng):
    truth = Truth(sizes, gap)
    expected = truth.numbers()
    if images > 1:
        expected = flipped(truth, expected)
    attribute = Attribute("g", tuple(map(str, range(len(sizes)))))
    held, widths = defaultdict(list), defaultdict(list)
    for _ in range(simulations):
        y, score, group, patient = truth.draw(rng, images)
        analysis = analyse(
            BinaryScores(y, score, 0.5), patient, [plain(attribute, group)], settings
        )
        for e in analysis.estimates:
            if e.metric in expected and e.low is not None:
                held[e.metric].append(e.low <= expected[e.metric] <= e.high)
                widths[e.metric].append(e.high - e.low)
        pairs = [c for c in analysis.contrasts if c.metric == "auc"]
        if pairs and all(c.low is not None for c in pairs):
            steps = dict(zip(attribute.groups, -truth.steps(), strict=True))
            held["auc contrasts"].append(
                all(c.low <= steps[c.group_a] - steps[c.group_b] <= c.high for c in pairs)
            )
            widths["auc contrasts"].append(np.mean([c.high - c.low for c in pairs]))
    return {name: (np.mean(held[name]), np.mean(widths[name])) for name in held}


def flipped(truth, expected):
    """With 20 % flipped outcomes only the mix of classes in a group changes."""
    sizes = tuple((0.8 * p + 0.2 * q, 0.8 * q + 0.2 * p) for p, q in truth.sizes)
    return Truth(sizes, truth.gap).numbers()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--simulations", type=int, default=300)
    parser.add_argument("--layouts", nargs="*", default=list(LAYOUTS))
    parser.add_argument("--images", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--gaps", type=float, nargs="*", default=list(GAPS))
    a = parser.parse_args()
    settings = Settings(permutations=0, suppress_below=0, replicates=1000)
    for layout in a.layouts:
        for images in a.images:
            for gap in a.gaps:
                got = gap_coverage(LAYOUTS[layout], gap, images, a.simulations, settings, np.random.default_rng(1))
                print(layout, images, gap, " ".join(f"{k}:{v[0]:.3f}/{v[1]:.3f}" for k, v in got.items()), flush=True)
