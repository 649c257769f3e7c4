"""Time of a whole analysis and of fairlearn's bootstrap, per number with an interval.

Run: OMP_NUM_THREADS=1 python -m benchmarks.statistics_speed

2,000 cases, 4 attributes and their 6 pairs (48 groups), every metric, 1,000 replicates. fairlearn
bootstraps one attribute with a few replicates, and its time is scaled to 1,000; each interval that
it offers is counted, also those of minima, maxima, differences and ratios.
"""

import argparse
import itertools
import time
import warnings

import numpy as np
from fairlearn.metrics import MetricFrame, selection_rate
from scipy.stats import norm
from sklearn.metrics import accuracy_score, recall_score, roc_auc_score

from fairness.arrays import FloatArray, IntArray
from fairness.attributes import ETHNICITY, GENDER, LANGUAGE, RACE
from fairness.groups import Grouping, intersection, plain
from fairness.statistics.analyse import analyse
from fairness.statistics.binary import BinaryScores
from fairness.statistics.settings import Settings

CASES, REPLICATES, THEIR_REPLICATES = 2000, 1000, 20
SHARES = {  # the test set of Harvard-FairVLMed without unknown attributes
    RACE: (0.08, 0.15, 0.77),
    GENDER: (0.55, 0.45),
    ETHNICITY: (0.96, 0.04),
    LANGUAGE: (0.94, 0.02, 0.04),
}


def cohort() -> tuple[IntArray, FloatArray, list[Grouping]]:
    """Truth, score and groupings."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, CASES)
    groupings = [plain(a, rng.choice(len(p), CASES, p=p)) for a, p in SHARES.items()]
    crossed = [intersection(pair) for pair in itertools.combinations(groupings, 2)]
    return y, norm.cdf(y - 0.5 + rng.normal(size=CASES)), groupings + crossed


def ours(y: IntArray, score: FloatArray, groupings: list[Grouping]) -> float:
    """Seconds a number with an interval; prints the line of the table."""
    settings = Settings(replicates=REPLICATES, suppress_below=0)
    start = time.process_time()
    found = analyse(BinaryScores(y, score, 0.5), np.arange(CASES), groupings, settings)
    seconds = time.process_time() - start
    numbers = sum(e.low is not None for e in found.estimates)
    numbers += sum(c.low is not None for c in found.contrasts)
    groups = sum(len(grouping.attribute.groups) for grouping in groupings)
    report(f"fair-audit, {groups} groups, with tests", seconds, numbers)
    return seconds / numbers


def fairlearns(y: IntArray, score: FloatArray, race: Grouping) -> float:
    """Least seconds a number, of the AUC and of three cheap metrics of one attribute."""
    predicted = (score >= 0.5).astype(int)
    cheap = {"accuracy": accuracy_score, "rate": selection_rate, "tpr": recall_score}
    best = np.inf
    for name, metrics, second in (
        ("AUC", {"auc": roc_auc_score}, score),
        ("accuracy, selection rate, TPR", cheap, predicted),
    ):
        start = time.process_time()
        frame = MetricFrame(
            metrics=metrics,
            y_true=y,
            y_pred=second,
            sensitive_features=race.codes,
            n_boot=THEIR_REPLICATES,
            ci_quantiles=[0.025, 0.975],
            random_state=0,
        )
        seconds = (time.process_time() - start) * REPLICATES / THEIR_REPLICATES
        numbers = (frame.by_group.size // len(metrics) + 5) * len(metrics)
        report(f"fairlearn, race, {name}", seconds, numbers)
        best = min(best, seconds / numbers)
    return float(best)


def report(what: str, seconds: float, numbers: int) -> None:
    """Print one line of the table."""
    each = 1000 * seconds / numbers
    print(f"| {what} | {seconds:.2f} | {numbers} | {each:.2f} |", flush=True)


def main() -> None:
    """Print the table and the ratios."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    warnings.simplefilter("ignore")  # pandas and scikit-learn, on groups of one class
    y, score, groupings = cohort()
    analyse(BinaryScores(y, score, 0.5), np.arange(CASES), groupings[:1])  # warm up
    print("| 1,000 replicates, one core | CPU seconds | numbers with interval | ms a number |")
    print("|---|---|---|---|")
    each = ours(y, score, groupings)
    theirs = fairlearns(y, score, groupings[0])
    print(f"\nfairlearn / fair-audit per number: {theirs / each:.0f}x")


if __name__ == "__main__":
    main()
