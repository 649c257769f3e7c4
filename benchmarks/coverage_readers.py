"""Coverage of means over readers and of their gaps, errors of their tests, and of agreement.

Run: python -m benchmarks.coverage_readers [--simulations 400]; prints tables of
benchmarks/README.md.

A patient has a severity, which the score shows with noise. A reader calls positive what lies above
a cut, seen with noise anew in every case; the cut differs between readers, and in some rows between
groups for the same reader. Readers are drawn anew in every simulation, as patients are; the truth
is the number against the labels of one reader, on average over readers. Agreement is of readers who
stay: its truth is that of 400,000 patients. Of two images of a patient half of the variance is
shared.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import roots_hermitenorm
from scipy.stats import norm

from benchmarks.coverage import SHARED
from benchmarks.coverage_rows import chosen, parsed
from fairness.arrays import FloatArray, IntArray
from fairness.statistics.binary import BinaryScores
from fairness.statistics.differences import differences
from fairness.statistics.over_readers import METRICS, mean_limits, pair_sides, read_by_all
from fairness.statistics.reader_agreement import agreement, agreement_of, coefficient_of, sums_of
from fairness.statistics.settings import Settings

SETTINGS = Settings(replicates=200)
GRID = np.linspace(-7, 7, 2801)
MANY = 400_000


@dataclass(frozen=True)
class World:
    """Two groups of patients, and readers."""

    name: str
    people: tuple[int, int]
    readers: int = 3
    strict: float = 0.2
    """Standard deviation of a reader's cut."""
    by_group: float = 0.0
    """The same of what a group adds to the cut of a reader."""
    seen: float = 0.4
    """Standard deviation of the noise with which a case is seen."""
    noise: float = 0.6
    """Of the score."""
    cut: float = 0.0
    threshold: float = 0.0
    unread: float = 0.0
    """Share of the cases that a reader leaves out."""
    images: int = 1

    def cuts(self, rng: np.random.Generator) -> FloatArray:
        """(R, 2) of each reader in each group."""
        shared = rng.normal(self.cut, self.strict, (self.readers, 1))
        return np.asarray(shared + rng.normal(0, self.by_group, (self.readers, 2)))

    def draw(
        self, rng: np.random.Generator, cuts: FloatArray, people: tuple[int, int] | None = None
    ) -> tuple[FloatArray, IntArray, IntArray, IntArray]:
        """Scores (n,), labels (R, n), groups (n,), patients (n,)."""
        group = np.repeat([0, 1], people or self.people)
        patient = np.repeat(np.arange(len(group)), self.images)
        severity = rng.normal(size=len(patient))
        if self.images > 1:
            severity *= np.sqrt(1 - SHARED)
            severity += np.sqrt(SHARED) * rng.normal(size=len(group))[patient]
        group = group[patient]
        score = severity + self.noise * rng.normal(size=len(patient))
        seen = severity + self.seen * rng.normal(size=(self.readers, len(patient)))
        labels = (seen > cuts[:, group]).astype(np.int64)
        labels[rng.random(labels.shape) < self.unread] = -1
        labels[0, (labels < 0).all(axis=0)] = 0
        return score, labels, group, patient

    def truth(self) -> dict[str, float]:
        """Every number against one reader's labels, on average over readers, in either group."""
        spread = np.sqrt(1 + self.noise**2)
        nodes, weights = roots_hermitenorm(21)
        score = GRID * spread
        likely = norm.pdf(GRID) / norm.pdf(GRID).sum()
        mean, rest = score / spread**2, np.sqrt(self.noise**2 / spread**2 + self.seen**2)
        found = np.zeros(len(METRICS))
        for node, weight in zip(nodes, weights / weights.sum(), strict=True):
            cut = self.cut + np.hypot(self.strict, self.by_group) * node
            positive = norm.sf((cut - mean) / rest)
            ones, zeros = likely * positive, likely * (1 - positive)
            ones, zeros = ones / ones.sum(), zeros / zeros.sum()
            auc = float(ones @ (np.cumsum(zeros) - zeros / 2))
            above = score >= self.threshold
            found += weight * np.array([auc, ones[above].sum(), zeros[above].sum()])
        return dict(zip(METRICS, found.tolist(), strict=True))


WORLDS = (
    World("300 v 300, 3 readers", (300, 300)),
    World("60 v 600, 3 readers", (60, 600)),
    World("300 v 300, 2 readers", (300, 300), readers=2),
    World("200 v 400, 5 readers, strictness .4", (200, 400), readers=5, strict=0.4),
    World("300 v 300, 3 readers alike", (300, 300), strict=0.0),
    World("150 v 600, 3 readers, 30 % unread", (150, 600), unread=0.3),
    World("100 v 1,000, 3 readers, 15 % positive", (100, 1000), cut=1.0, threshold=0.5),
    World("200 v 200, 4 readers, by group .3", (200, 200), readers=4, by_group=0.3),
    World("100 v 100, 3 readers, AUC .97", (100, 100), noise=0.2, seen=0.2),
    World("100 v 300, 3 readers, two images", (100, 300), images=2),
)


def mean_rows(world: World, simulations: int, rng: np.random.Generator) -> list[list[str]]:
    """A line a number: coverage and width in the first group, of the gap; rejections."""
    truth, found = world.truth(), {metric: [] for metric in METRICS}  # type: ignore[var-annotated]
    for _ in range(simulations):
        score, labels, group, patient = world.draw(rng, world.cuts(rng))
        cells = [np.flatnonzero(group == k) for k in (0, 1)]
        scores = [BinaryScores(np.maximum(own, 0), score, world.threshold) for own in labels]
        reads = read_by_all(scores, labels >= 0, cells, patient, group, SETTINGS)
        for metric, read in reads.items():
            if not np.isfinite(read.values).all():
                continue
            low, high = mean_limits(read, SETTINGS.quantile)
            at = (np.array([0]), np.array([1]))
            tested = np.ones(1, dtype=bool)
            c = differences(*pair_sides(read, *at, dependent=False), tested, SETTINGS)
            below, above, p = (float(c[name][0]) for name in ("low", "high", "p"))
            if (p < 0.05) != (below > 0 or above < 0):
                raise SystemExit(f"p and interval do not agree: {c}")
            holds = low[0] <= truth[metric] <= high[0]
            found[metric].append([holds, high[0] - low[0], below <= 0 <= above, above - below])
    lines = []
    for metric in METRICS:
        one, width, gap, of_gap = np.mean(found[metric], axis=0)
        shown = [f"{100 * one:.1f} / {width:.3f}", f"{100 * gap:.1f} / {of_gap:.3f}"]
        lines.append([world.name, metric, *shown, f"{100 * (1 - gap):.1f}"])
    return lines


AGREEING = (
    World("40, 2 readers", (40, 0), readers=2),
    World("150, 2 readers, 15 % positive", (150, 0), readers=2, cut=1.0),
    World("60, 2 readers, nearly always", (60, 0), readers=2, strict=0.02, seen=0.1),
    World("60, 4 readers", (60, 0), readers=4),
    World("200, 3 readers, 10 % positive", (200, 0), cut=1.3),
    World("60, 3 readers, 30 % unread", (60, 0), unread=0.3),
    World("200, 4 readers, 40 % unread", (200, 0), readers=4, unread=0.4),
    World("60, 3 readers, two images", (60, 0), images=2),
)


def agreement_row(world: World, simulations: int, rng: np.random.Generator) -> list[str]:
    """Coverage and width of the share of agreeing pairs, and of the coefficient."""
    cuts = world.cuts(np.random.default_rng(1))
    _, labels, _, _ = world.draw(rng, cuts, (MANY, 0))
    coefficient = coefficient_of(labels)
    truth = [float(x) for x in agreement_of(sums_of(labels).sum(axis=1), coefficient)[:2]]
    found = []
    for k in range(simulations):
        _, labels, _, patient = world.draw(rng, cuts)
        both = agreement(labels, patient, coefficient, SETTINGS.replicates, k, SETTINGS.quantile)
        one = []
        for (value, low, high), true in zip(both, truth, strict=True):
            one += [np.nan, np.nan] if np.isnan(value) else [low <= true <= high, high - low]
        found.append(one)
    share, of_share, kappa, of_kappa = np.nanmean(found, axis=0)
    shown = (f"{100 * share:.1f} / {of_share:.3f}", f"{100 * kappa:.1f} / {of_kappa:.3f}")
    return [world.name, f"{truth[0]:.3f}", shown[0], coefficient, f"{truth[1]:.3f}", shown[1]]


def line(cells: Sequence[str]) -> str:
    """One line of a table."""
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Print both tables."""
    arguments = parsed(__doc__, 400).parse_args()
    heads = ("groups", "number", "coverage / width", "of the gap", "gap found where none is")
    print(line(heads) + "\n" + "|---" * len(heads) + "|")
    for k, world in chosen(WORLDS, arguments.rows):
        for one in mean_rows(world, arguments.simulations, np.random.default_rng([10, k])):
            print(line(one), flush=True)
    columns = ("people", "agree", "coverage / width", "coefficient", "truth", "coverage / width")
    print("\n" + line(columns) + "\n" + "|---" * len(columns) + "|")
    for k, world in chosen(AGREEING, arguments.rows):
        rng = np.random.default_rng([11, k])
        print(line(agreement_row(world, arguments.simulations, rng)), flush=True)


if __name__ == "__main__":
    main()
