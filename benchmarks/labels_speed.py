"""Time of all analyses of a model of 14 labels: each label, macro and micro average.

Run: OMP_NUM_THREADS=1 python -m benchmarks.labels_speed

2,000 images, 4 attributes and their 6 pairs (47 groups), every metric, 1,000 replicates; nine
labels in ten are known. The largest gaps of all labels are adjusted together.
"""

import argparse
import time
from dataclasses import replace

import numpy as np
from scipy.stats import norm

from benchmarks.statistics_speed import CASES, REPLICATES, cohort
from fairness.arrays import IntArray
from fairness.groups import Grouping
from fairness.outcomes import Contrast
from fairness.statistics.analyse import Analysis, analyse
from fairness.statistics.binary import SUMMARIES, BinaryScores
from fairness.statistics.families import adjusted_over_labels, families_of_gaps
from fairness.statistics.macro import MacroScores
from fairness.statistics.measures import Measures
from fairness.statistics.micro import micro_average
from fairness.statistics.settings import Settings

LABELS, KNOWN = 14, 0.9
SETTINGS = Settings(replicates=REPLICATES, suppress_below=0)


def labelled() -> MacroScores:
    """Labels of a prevalence of 5 to 40 %."""
    rng = np.random.default_rng(0)
    parts = []
    for prevalence in np.linspace(0.05, 0.4, LABELS):
        y = (rng.random(CASES) < prevalence).astype(np.int64)
        parts.append(BinaryScores(y, norm.cdf(y - 0.5 + rng.normal(size=CASES)), 0.5))
    return MacroScores(tuple(parts), rng.random((LABELS, CASES)) < KNOWN)


def at(measures: Measures, rows: IntArray, groupings: list[Grouping]) -> Analysis:
    """The analysis of measures whose cases are the images `rows` (m,)."""
    moved = [replace(grouping, codes=grouping.codes[rows]) for grouping in groupings]
    return analyse(measures, rows, moved, SETTINGS)


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    labels, groupings = labelled(), cohort()[2]
    at(labels.parts[0], np.arange(CASES), groupings[:1])  # warm up
    print("| 1,000 replicates, one core | CPU seconds | numbers with interval |")
    print("|---|---|---|")
    start, numbers = time.process_time(), []
    contrasts: list[Contrast] = []
    for k, (part, known) in enumerate(zip(labels.parts, labels.known, strict=True)):
        rows = np.flatnonzero(known)
        alone = replace(part, positive=part.positive[rows], score=part.score[rows])
        found = at(alone, rows, groupings)
        contrasts += [replace(contrast, label=f"label {k}") for contrast in found.contrasts]
        numbers.append(intervals_in(found))
    gaps = adjusted_over_labels(contrasts, SUMMARIES, SETTINGS)
    report(f"{LABELS} labels", time.process_time() - start, sum(numbers))
    macro_start = time.process_time()
    numbers.append(intervals_in(at(labels, np.arange(CASES), groupings)))
    report("macro average", time.process_time() - macro_start, numbers[-1])
    micro_start = time.process_time()
    numbers.append(intervals_in(at(*micro_average(labels), groupings)))
    report("micro average", time.process_time() - micro_start, numbers[-1])
    report("together", time.process_time() - start, sum(numbers))
    tested = [gap for gap in gaps if gap.metric == "auc_difference"]
    print("\n" + families_of_gaps(tested, SETTINGS)[0])


def intervals_in(found: Analysis) -> int:
    """How many numbers have an interval."""
    numbers = sum(one.low is not None for one in found.estimates)
    return numbers + sum(one.low is not None for one in found.contrasts)


def report(what: str, seconds: float, numbers: int) -> None:
    """Print one line of the table."""
    print(f"| {what} | {seconds:.1f} | {numbers} |", flush=True)


if __name__ == "__main__":
    main()
