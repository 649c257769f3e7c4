"""Coverage of the 95 % interval of a change between two runs on the same cases.

Run: python -m benchmarks.coverage_changes [--simulations 2000]; prints a table of docs/metrics.md.

The scores of both runs are normal with the correlation `shared`; the new one has its own AUC and
true positive rate. Of two images of a patient half of what is not shared by the runs is common.
"""

import argparse
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from benchmarks.coverage import Shown, held
from fairness.arrays import FloatArray, IntArray
from fairness.statistics.changes import changes
from fairness.statistics.settings import Settings

SETTINGS = Settings(suppress_below=0, inferential_from=0, replicates=100)
CHANGED = ("auc", "true_positive_rate", "selection_rate")


@dataclass(frozen=True)
class Runs:
    """Two runs on the same cases; the threshold is 0."""

    positives: int
    negatives: int
    auc: tuple[float, float]
    """Of the new and of the old run."""
    shared: float = 0.8
    images: int = 1

    def distances(self) -> FloatArray:
        """(2,) mean of the positives minus that of the negatives."""
        return np.asarray(np.sqrt(2) * norm.ppf(self.auc))

    def truth(self) -> dict[str, float]:
        """True changes by metric."""
        rates = norm.cdf(self.distances() / 2)
        share = self.positives / (self.positives + self.negatives)
        selected = share * rates + (1 - share) * (1 - rates)
        values = {"auc": self.auc, "true_positive_rate": rates, "selection_rate": selected}
        return {name: float(value[0] - value[1]) for name, value in values.items()}

    def draw(self, rng: np.random.Generator) -> tuple[IntArray, FloatArray, list[str]]:
        """Truth (n,), scores of both runs (2, n), patients (n,)."""
        y = np.repeat([1, 0], [self.positives, self.negatives]).repeat(self.images)
        people = len(y) // self.images
        patient = np.repeat(np.arange(people), self.images)
        common = rng.normal(size=(3, people))[:, patient]
        own = rng.normal(size=(3, len(y)))
        noise = np.sqrt(0.5) * (common + own) if self.images > 1 else own
        both = np.sqrt(self.shared) * noise[0] + np.sqrt(1 - self.shared) * noise[1:]
        return y, both + (y - 0.5) * self.distances()[:, None], [str(p) for p in patient]


RUNS = (
    Runs(4, 60, (0.9, 0.9)),
    Runs(4, 60, (0.9, 0.8)),
    Runs(8, 8, (0.9, 0.9)),
    Runs(8, 300, (0.95, 0.9)),
    Runs(20, 20, (0.985, 0.985), shared=0.95),
    Runs(12, 150, (0.99, 0.9)),
    Runs(20, 200, (0.99, 0.95)),
    Runs(40, 400, (0.985, 0.95)),
    Runs(40, 40, (0.85, 0.8)),
    Runs(100, 400, (0.9, 0.88), shared=0.95),
    Runs(10, 20, (0.9, 0.9), images=2),
    Runs(10, 150, (0.95, 0.9), images=2),
    Runs(60, 60, (0.85, 0.85), images=2),
)


def row(runs: Runs, simulations: int, rng: np.random.Generator) -> str:
    """Coverage in percent and mean width of the change of each metric."""
    truth, found = runs.truth(), defaultdict(list)
    for _ in range(simulations):
        y, scores, patients = runs.draw(rng)
        new, old = (Shown(y, score, 0.0) for score in scores)
        for c in changes(new, old, patients, [], SETTINGS):
            if c.metric in truth:
                found[c.metric].append(held(truth[c.metric], c.low, c.high))
    means = [np.mean(found[name], axis=0) for name in CHANGED]  # NaN if any had no interval
    name = f"{runs.positives} / {runs.negatives} | {runs.images} | {runs.auc[0]}, {runs.auc[1]}"
    cells = " | ".join(f"{100 * coverage:.1f} / {width:.3f}" for coverage, width in means)
    return f"| {name} | {runs.shared} | {cells} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=2000, help="of each row")
    arguments = parser.parse_args()
    columns = " | ".join(CHANGED)
    print(f"| positives / negatives | images | AUC new, old | correlation | {columns} |")
    print("|---" * (len(CHANGED) + 4) + "|")
    for k, runs in enumerate(RUNS):
        rng = np.random.default_rng([1, k])
        print(row(runs, arguments.simulations, rng), flush=True)


if __name__ == "__main__":
    main()
