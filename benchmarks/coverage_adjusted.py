"""Coverage of adjusted gaps, and errors of their tests, of those of strata and of sites.

Run: python -m benchmarks.coverage_adjusted [--simulations 1000]; prints tables of
benchmarks/README.md.

Cases lie in strata, which groups reach with different shares. In stratum k a positive is found with
probability p_k (minus the gap, in the second group), scores are normal, with an AUC of A_k; so
groups differ in the data even where they do not in any stratum. Of two images of a patient half of
the variance is shared. Adjusted gaps are held to the standard of the sample, as they are defined.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from benchmarks.coverage import SHARED
from benchmarks.coverage_rows import chosen, parsed
from fairness.arrays import FloatArray, IntArray
from fairness.beside.adjust import side
from fairness.beside.sets import CaseSet
from fairness.beside.stratify import pair_of, strata_of, together
from fairness.statistics.binary import BinaryScores
from fairness.statistics.differences import differences
from fairness.statistics.heterogeneity import over_sites
from fairness.statistics.settings import Settings

SETTINGS = Settings(suppress_below=0, inferential_from=0)
METRICS = ("true_positive_rate", "false_positive_rate", "auc")
HEADS = ("coverage / width", "rejected", "heterogeneity", "odds ratio", "odds heterogeneity")


@dataclass(frozen=True)
class World:
    """Two groups in strata."""

    name: str
    people: tuple[int, int]
    shares: tuple[tuple[float, ...], tuple[float, ...]]
    """Of each group in each stratum."""
    rates: tuple[float, ...]
    """True positive rate of each stratum, at the threshold 0."""
    prevalence: float = 0.5
    gap: float = 0.0
    """By which the second group's true positive rate is lower in every stratum."""
    images: int = 1

    def draw(
        self, rng: np.random.Generator
    ) -> tuple[IntArray, FloatArray, IntArray, IntArray, IntArray]:
        """Truth, score, group, stratum, patient."""
        group = np.repeat([0, 1], self.people)
        strata = [
            rng.choice(len(self.rates), n, p=p)
            for n, p in zip(self.people, self.shares, strict=True)
        ]
        stratum = np.concatenate(strata)
        patient = np.repeat(np.arange(len(group)), self.images)
        y = (rng.random(len(group)) < self.prevalence)[patient]
        noise = rng.normal(size=len(patient))
        if self.images > 1:
            noise = (
                np.sqrt(SHARED) * rng.normal(size=len(group))[patient] + np.sqrt(1 - SHARED) * noise
            )
        group, stratum = group[patient], stratum[patient]
        rate = np.array(self.rates)[stratum] - self.gap * group
        score = np.where(y, norm.ppf(rate), norm.ppf(1 - np.array(self.rates)[stratum])) + noise
        return y.astype(np.int64), score, group, stratum, patient

    def truth(self, metric: str) -> FloatArray:
        """(S,) difference of the first and the second group in every stratum."""
        rates = np.array(self.rates)
        if metric == "false_positive_rate":
            return np.zeros(len(rates))
        first, second = norm.ppf(rates), norm.ppf(rates - self.gap)
        if metric == "true_positive_rate":
            return np.asarray(rates - norm.cdf(second))
        low = norm.ppf(1 - rates)
        return np.asarray(
            norm.cdf((first - low) / np.sqrt(2)) - norm.cdf((second - low) / np.sqrt(2))
        )


EVEN = ((0.25,) * 4, (0.25,) * 4)
SKEWED = ((0.4, 0.3, 0.2, 0.1), (0.1, 0.2, 0.3, 0.4))
FAR = ((0.6, 0.25, 0.1, 0.05), (0.05, 0.1, 0.25, 0.6))
RATES = (0.9, 0.8, 0.7, 0.6)
WORLDS = (
    World("400 v 400, skewed", (400, 400), SKEWED, RATES),
    World("120 v 1,200, skewed", (120, 1200), SKEWED, RATES),
    World("60 v 60, even, TPR .8", (60, 60), EVEN, (0.8,) * 4),
    World("60 v 600, far apart", (60, 600), FAR, RATES),
    World("100 v 400, far apart, TPR .97-.8", (100, 400), FAR, (0.97, 0.95, 0.9, 0.8)),
    World("200 v 200, skewed, gap .1", (200, 200), SKEWED, RATES, gap=0.1),
    World("300 v 3,000, 5 % positive", (300, 3000), SKEWED, RATES, prevalence=0.05),
    World("100 v 400, two images, skewed", (100, 400), SKEWED, RATES, images=2),
    World("60 v 200, 24 strata", (60, 200), ((1 / 24,) * 24,) * 2, (0.85,) * 24),
    World("120 v 120, 12 strata", (120, 120), ((1 / 12,) * 12,) * 2, (0.85,) * 12),
)


def rows(world: World, simulations: int, rng: np.random.Generator) -> list[list[str]]:
    """For each metric its cells, as in `HEADS`."""
    found: dict[str, list[list[float]]] = {metric: [] for metric in METRICS}
    for _ in range(simulations):
        y, score, group, stratum, patient = world.draw(rng)
        sets = [CaseSet("group", str(k), np.flatnonzero(group == k), False, True) for k in (0, 1)]
        names = tuple(map(str, range(len(world.rates))))
        for metric in METRICS:
            scores = BinaryScores(y, score, 0.0)
            strata = strata_of(scores, metric, sets, patient, stratum, names)
            pair = pair_of(strata, 0, 1)
            if pair is None:
                continue
            correlation = together({(0, 1): pair}, sets, patient)
            tested = np.ones(1, dtype=bool)
            c = differences(side([pair.first]), side([pair.second]), correlation, tested, SETTINGS)
            low, high, p = (float(c[name][0]) for name in ("low", "high", "p"))
            if (p < 0.05) != (low > 0 or high < 0):
                raise SystemExit(f"p and interval do not agree: {c}")
            truth = float(pair.weights @ world.truth(metric))
            odds = pair.odds
            known = odds is not None and np.isfinite(odds.ratio)
            found[metric].append(
                [
                    float(low - 1e-9 <= truth <= high + 1e-9),
                    high - low,
                    p < 0.05,
                    small(pair.heterogeneity.p),
                    small(odds.p) if odds and known else np.nan,
                    small(odds.heterogeneity_p) if odds and known else np.nan,
                ]
            )
    return [[world.name, metric, *cells(np.array(found[metric]), world)] for metric in METRICS]


def small(p: float) -> float:
    """1 where p is below 0.05; NaN without a test."""
    return np.nan if np.isnan(p) else float(p < 0.05)


def cells(found: FloatArray, world: World) -> list[str]:
    """Coverage and width; percent of rejections, where the null hypothesis is true."""
    coverage, width, *rejected = np.nanmean(found, axis=0) if found.size else [np.nan] * 6
    shown = [f"{100 * coverage:.1f} / {width:.3f}"]
    return shown + ["-" if np.isnan(r) or world.gap else f"{100 * r:.1f}" for r in rejected]


SITES = (
    ("6 sites, alike", 6, 0.0),
    ("6 sites, spread .05", 6, 0.05),
    ("10 sites, spread .05", 10, 0.05),
    ("10 sites, spread .1", 10, 0.10),
    ("25 sites, spread .05", 25, 0.05),
)


def site_row(sites: int, spread: float, simulations: int, rng: np.random.Generator) -> list[str]:
    """Coverage of the mean, and rejections, of a TPR gap that is 0 over all sites."""
    found = []
    for _ in range(simulations):
        sizes = rng.integers(8, 60, (2, sites))
        gaps = rng.normal(0, spread, sites)
        rates = np.clip([0.8 + gaps / 2, 0.8 - gaps / 2], 0.01, 0.99)
        hits = rng.binomial(sizes, rates)
        likely = (hits + 1) / (sizes + 2)
        value = hits / sizes
        one = over_sites(value[0] - value[1], (likely * (1 - likely) / sizes).sum(0))
        low, high = one.limits(0.95)
        found.append([low <= 0 <= high, high - low, one.p < 0.05])
    coverage, width, rejected = np.mean(found, axis=0)
    return [f"{100 * coverage:.1f} / {width:.3f}", f"{100 * rejected:.1f}"]


def line(cells_of: Sequence[str]) -> str:
    """One line of a table."""
    return "| " + " | ".join(cells_of) + " |"


def main() -> None:
    """Print both tables."""
    arguments = parsed(__doc__, 1000).parse_args()
    print(line(("groups", "number", *HEADS)) + "\n" + "|---" * (len(HEADS) + 2) + "|")
    for k, world in chosen(WORLDS, arguments.rows):
        for one in rows(world, arguments.simulations, np.random.default_rng([8, k])):
            print(line(one), flush=True)
    print("\n" + line(("sites", "coverage / width", "rejected")))
    print("|---" * 3 + "|")
    for k, (name, sites, spread) in chosen(SITES, arguments.rows):
        rng = np.random.default_rng([9, k])
        print(line((name, *site_row(sites, spread, 2 * arguments.simulations, rng))), flush=True)


if __name__ == "__main__":
    main()
