"""Coverage of the 95 % intervals of averages over labels, and of models of several classes.

Run: python -m benchmarks.coverage_labels [--simulations 1000]; prints tables of docs/metrics.md.

The labels of an image are cut from normal numbers that are correlated over labels, as are the
normal scores; positives score `apart` higher than negatives. Three labels in four are known. Truth
is in closed form, or of two million images. Classes are cut from a normal number too, and so are
the decisions, from the same number with noise.
"""

import argparse
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from benchmarks.coverage import cells, held
from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.attributes import Attribute
from fairness.groups import plain
from fairness.metrics import classification as c
from fairness.metrics.multiclass import balanced_accuracy, quadratic_weighted_kappa
from fairness.statistics.analyse import analyse
from fairness.statistics.binary import BinaryScores
from fairness.statistics.macro import METRICS, MacroScores
from fairness.statistics.measures import Measures
from fairness.statistics.micro import micro_average
from fairness.statistics.multiclass import ClassScores
from fairness.statistics.sampled import sample
from fairness.statistics.settings import Settings

KNOWN, LARGE = 0.75, 2_000_000
MACRO = tuple(metric.name for metric in METRICS)
MICRO = ("auc", "true_positive_rate", "accuracy", "average_precision", "brier_score")
OF_CLASSES = ("accuracy", "balanced_accuracy", "quadratic_weighted_kappa")
SETTINGS = Settings(suppress_below=0, replicates=200)


@dataclass(frozen=True)
class Labels:
    """Patients of one group with L labels, `images` of each."""

    patients: int
    prevalence: tuple[float, ...]
    auc: float
    correlation: float
    images: int = 1

    def draw(self, rng: np.random.Generator) -> tuple[IntArray, FloatArray, BoolArray]:
        """Truth, score, and which labels are known: (L, n) each."""
        n = self.patients * self.images
        found = []
        for shared in (self.correlation, self.correlation):
            among_labels = rng.normal(size=(1, n))
            of_patient = np.repeat(
                rng.normal(size=(len(self.prevalence), self.patients)), self.images, axis=1
            )
            rest = rng.normal(size=of_patient.shape)
            part = 0.5 if self.images > 1 else 0.0
            rest = np.sqrt(part) * of_patient + np.sqrt(1 - part) * rest
            found.append(np.sqrt(shared) * among_labels + np.sqrt(1 - shared) * rest)
        y = (found[0] > norm.isf(self.prevalence)[:, None]).astype(np.int64)
        apart = np.sqrt(2) * norm.ppf(self.auc)
        return y, norm.cdf(apart * (y - 0.5) + found[1]), rng.random(y.shape) < KNOWN

    def truth(self) -> dict[str, float]:
        """True values of the macro averages, by name, and of the micro averages."""
        y, score, _ = Labels(LARGE // len(self.prevalence), self.prevalence, self.auc, 0).draw(
            np.random.default_rng(1)
        )
        everywhere = MacroScores(scores(y, score), np.ones(y.shape, dtype=bool))
        values = everywhere.values(np.arange(y.shape[1]))
        micro = BinaryScores(y.ravel(), score.ravel(), 0.5)
        found = dict(zip(MACRO, values, strict=True))
        found["micro auc"] = c.auc(micro.positive, micro.score)
        found["micro average_precision"] = c.average_precision(micro.positive, micro.score)
        found["micro brier_score"] = c.brier_score(micro.positive, micro.score)
        for name in ("true_positive_rate", "accuracy"):
            found[f"micro {name}"] = c.SHARES[name](micro.positive, micro.score >= 0.5)
        return found


def scores(y: IntArray, score: FloatArray) -> tuple[BinaryScores, ...]:
    """One `BinaryScores` a label."""
    return tuple(BinaryScores(a, b, 0.5) for a, b in zip(y, score, strict=True))


def intervals(measures: Measures, units: IntArray) -> dict[str, tuple[float | None, ...]]:
    """Limits of every metric of all cases, by name; None where there are none."""
    found = sample(measures, [np.arange(len(units))], units, SETTINGS)
    columns = np.arange(len(measures.metrics))
    low, high = found.limits(np.zeros_like(columns), columns, SETTINGS.quantile)
    return {
        metric.name: (float(low[m]), float(high[m]))
        if np.isfinite(found.values[0, m] + low[m] + high[m])
        else (None, None)
        for m, metric in enumerate(measures.metrics)
    }


def label_row(labels: Labels, simulations: int, rng: np.random.Generator) -> list[str]:
    """Coverage and mean width of every macro and micro average."""
    truth, found = labels.truth(), defaultdict(list)
    patient = np.repeat(np.arange(labels.patients), labels.images)
    for _ in range(simulations):
        y, score, known = labels.draw(rng)
        macro = MacroScores(scores(y, score), known)
        for name, limits in intervals(macro, patient).items():
            found[name].append(held(truth[name], *limits))
        micro, row = micro_average(macro)
        for name, limits in intervals(micro, patient[row]).items():
            if name in MICRO:
                found[f"micro {name}"].append(held(truth[f"micro {name}"], *limits))
    return cells(found, (*MACRO, *(f"micro {name}" for name in MICRO)))


def gap_row(labels: Labels, groups: int, simulations: int, rng: np.random.Generator) -> list[str]:
    """How often gaps of equal groups are found, in percent, and coverage of the worst group."""
    truth, found, rejected = labels.truth(), defaultdict(list), defaultdict(list)
    names = ("macro_auc_difference", "macro_equalized_odds_difference")
    sizes = labels.patients * labels.images
    patient = np.repeat(np.arange(groups * labels.patients), labels.images)
    grouping = plain(
        Attribute("group", tuple(map(str, range(groups)))), np.repeat(np.arange(groups), sizes)
    )
    for _ in range(simulations):
        drawn = [labels.draw(rng) for _ in range(groups)]
        y, score, known = (np.concatenate(part, axis=1) for part in zip(*drawn, strict=True))
        analysis = analyse(MacroScores(scores(y, score), known), patient, [grouping], SETTINGS)
        for contrast in analysis.contrasts:
            if contrast.metric in names and contrast.p is not None:
                rejected[contrast.metric].append(contrast.p < 0.05)
        for e in analysis.estimates:
            if e.metric in ("es_macro_auc", "macro_auc_worst"):
                found[e.metric].append(held(truth["macro_auc"], e.low, e.high))
    shares = [f"{100 * np.mean(rejected[name]):.1f}" for name in names]
    return [*shares, *cells(found, ("es_macro_auc", "macro_auc_worst"))]


@dataclass(frozen=True)
class Grades:
    """Patients with one of K ordered classes, and a model that sees it through noise."""

    patients: int
    prevalence: tuple[float, ...]
    noise: float

    def draw(self, n: int, rng: np.random.Generator) -> ClassScores:
        """Truth and scores of n cases."""
        edges = norm.ppf(np.cumsum(self.prevalence)[:-1])
        severity = rng.normal(size=n)
        seen = severity + self.noise * rng.normal(size=n)
        target, called = np.searchsorted(edges, severity), np.searchsorted(edges, seen)
        names = tuple(map(str, range(len(self.prevalence))))
        return ClassScores(target, np.eye(len(names))[called], names, True)

    def truth(self) -> dict[str, float]:
        """True values by name."""
        drawn = self.draw(LARGE, np.random.default_rng(1))
        y, called, k = drawn.target, drawn.decision, len(drawn.names)
        both = balanced_accuracy(y, called, k), quadratic_weighted_kappa(y, called, k)
        return dict(zip(OF_CLASSES, (float((y == called).mean()), *both), strict=True))


def grade_row(grades: Grades, simulations: int, rng: np.random.Generator) -> list[str]:
    """Coverage and mean width of accuracy, balanced accuracy and kappa."""
    truth, found = grades.truth(), defaultdict(list)
    for _ in range(simulations):
        drawn = grades.draw(grades.patients, rng)
        for name, limits in intervals(drawn, np.arange(grades.patients)).items():
            found[name].append(held(truth[name], *limits))
    return [*(f"{truth[n]:.2f}" for n in OF_CLASSES[1:]), *cells(found, OF_CLASSES)]


RARE, MIXED = (0.05, 0.1, 0.2, 0.3, 0.4), (0.3,) * 5
LABELS: Mapping[str, Labels] = {
    "40, 5 labels of 30 %, AUC .8, independent": Labels(40, MIXED, 0.8, 0.0),
    "40, 5 labels of 30 %, AUC .8, correlated .6": Labels(40, MIXED, 0.8, 0.6),
    "40, 5 labels of 30 %, AUC .98, independent": Labels(40, MIXED, 0.98, 0.0),
    "40, 5 labels of 30 %, AUC .98, correlated .6": Labels(40, MIXED, 0.98, 0.6),
    "40, 5 labels of 30 %, AUC .98, correlated .95": Labels(40, MIXED, 0.98, 0.95),
    "100, 5 labels of 5 to 40 %, AUC .85, correlated .3": Labels(100, RARE, 0.85, 0.3),
    "100, 5 labels of 5 to 40 %, AUC .98, correlated .6": Labels(100, RARE, 0.98, 0.6),
    "60, 14 labels of 20 %, AUC .85, correlated .3": Labels(60, (0.2,) * 14, 0.85, 0.3),
    "60, 14 labels of 20 %, AUC .98, correlated .6": Labels(60, (0.2,) * 14, 0.98, 0.6),
    "40 x 2 images, 5 labels of 30 %, AUC .85, correlated .3": Labels(40, MIXED, 0.85, 0.3, 2),
    "400, 14 labels of 10 %, AUC .85, correlated .3": Labels(400, (0.1,) * 14, 0.85, 0.3),
}
EVEN, GRADED = (0.2,) * 5, (0.5, 0.1, 0.2, 0.1, 0.1)
GRADES: Mapping[str, Grades] = {
    "60, 5 even grades, noise .5": Grades(60, EVEN, 0.5),
    "60, 5 even grades, noise .1": Grades(60, EVEN, 0.1),
    "60, 5 even grades, noise 2": Grades(60, EVEN, 2.0),
    "100, grades of 50, 10, 20, 10, 10 %, noise .5": Grades(100, GRADED, 0.5),
    "100, grades of 50, 10, 20, 10, 10 %, noise .05": Grades(100, GRADED, 0.05),
    "40, 3 grades of 80, 15, 5 %, noise .3": Grades(40, (0.8, 0.15, 0.05), 0.3),
    "40, 3 grades of 80, 15, 5 %, noise .05": Grades(40, (0.8, 0.15, 0.05), 0.05),
    "400, grades of 50, 10, 20, 10, 10 %, noise .5": Grades(400, GRADED, 0.5),
}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=1000, help="of each row")
    simulations, rng = parser.parse_args().simulations, np.random.default_rng(0)
    print(f"| patients | true balanced | true kappa | {' | '.join(OF_CLASSES)} |")
    for name, grades in GRADES.items():
        print(f"| {name} | " + " | ".join(grade_row(grades, simulations, rng)) + " |", flush=True)
    print("\n| patients | " + " | ".join((*MACRO, *(f"micro {n}" for n in MICRO))) + " |")
    for name, labels in LABELS.items():
        print(f"| {name} | " + " | ".join(label_row(labels, simulations, rng)) + " |", flush=True)
    print("\n| equal groups | AUC gap | EOD | es_macro_auc | macro_auc_worst |")
    for name in list(LABELS)[:9:2]:
        row = gap_row(LABELS[name], 3, simulations // 2, rng)
        print(f"| 3 x {name} | " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
