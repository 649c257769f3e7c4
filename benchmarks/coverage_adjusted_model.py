"""Coverage of gaps adjusted by a model, and errors of their tests.

Run: python -m benchmarks.coverage_adjusted_model [--simulations 1000]; prints a table of
benchmarks/README.md.

A covariate is normal, with another mean in the second group; the log odds that a positive is found
are a line of it (or a curve, which the model does not know), lower by the gap in the second group.
Gaps are held to the covariates of the sample, as they are defined. Of two images of a patient half
of the variance is shared.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm

from benchmarks.coverage import SHARED
from benchmarks.coverage_rows import chosen, parsed
from fairness.arrays import FloatArray, IntArray
from fairness.beside.adjust_by_model import columns_of, rates_of
from fairness.beside.sets import CaseSet
from fairness.statistics.binary import BinaryScores
from fairness.statistics.settings import Settings

SETTINGS = Settings(suppress_below=0, inferential_from=0)


@dataclass(frozen=True)
class World:
    """Positives of two groups."""

    name: str
    people: tuple[int, int]
    rate: float
    """Of those whose covariate is 0."""
    slope: float = 0.5
    apart: float = 0.5
    """Mean of the covariate in the second group."""
    gap: float = 0.0
    """In log odds."""
    curve: float = 0.0
    """By which the log odds rise with the square of the covariate."""
    images: int = 1

    def odds(self, z: FloatArray, group: IntArray | int) -> FloatArray:
        """(n,) log odds of being found."""
        line = logit(self.rate) + self.slope * z - self.gap * group
        return np.asarray(line + self.curve * (z**2 - 1))

    def draw(self, rng: np.random.Generator) -> tuple[BinaryScores, FloatArray, IntArray, IntArray]:
        """Scores, covariate, group and patient of each image; all are positive."""
        patient = np.repeat(np.arange(sum(self.people)), self.images)
        group = np.repeat([0, 1], self.people)
        z = (rng.normal(size=len(group)) + self.apart * group)[patient]
        chance = rng.normal(size=len(patient))
        if self.images > 1:
            shared = rng.normal(size=len(group))[patient]
            chance = np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * chance
        found = norm.cdf(chance) < expit(self.odds(z, group[patient]))
        scores = BinaryScores(np.ones(len(patient), dtype=np.int64), found.astype(float), 0.5)
        return scores, z, group[patient], patient


WORLDS = (
    World("200 v 200, TPR .8", (200, 200), 0.8),
    World("60 v 600, TPR .85", (60, 600), 0.85, slope=0.8),
    World("30 v 300, TPR .8, far apart", (30, 300), 0.8, apart=1.0),
    World("100 v 100, TPR .7, very far apart", (100, 100), 0.7, slope=0.8, apart=2.0),
    World("20 v 20, TPR .8", (20, 20), 0.8),
    World("50 v 200, TPR .97", (50, 200), 0.97),
    World("30 v 30, TPR .95", (30, 30), 0.95, slope=0.3, apart=0.0),
    World("200 v 200, TPR .8, gap", (200, 200), 0.8, gap=0.7),
    World("75 v 150, TPR .8, two images", (75, 150), 0.8, images=2),
    World("200 v 200, TPR .8, curved", (200, 200), 0.8, curve=0.3),
)


def row(world: World, simulations: int, rng: np.random.Generator) -> list[str]:
    """Coverage and width; percent of rejections of no gap; how often a ridge was needed."""
    found = []
    for _ in range(simulations):
        scores, z, group, patient = world.draw(rng)
        sets = [CaseSet("group", str(k), np.flatnonzero(group == k), False, True) for k in (0, 1)]
        rates, units = rates_of(scores, "true_positive_rate", sets, z[:, None], patient)
        c = columns_of(sets, rates, units, [(0, 1)], SETTINGS)
        low, high, p = (float(c[name][0]) for name in ("low", "high", "p"))
        if (p < 0.05) != (low > 0 or high < 0):
            raise SystemExit(f"p and interval do not agree: {c}")
        truth = float((expit(world.odds(z, 0)) - expit(world.odds(z, 1))).mean())
        inside = low - 1e-9 <= truth <= high + 1e-9
        found.append((inside, high - low, p < 0.05, rates.ridge > 0))
    coverage, width, rejected, ridge = np.mean(found, axis=0)
    told = "-" if world.gap else f"{100 * rejected:.1f}"
    return [world.name, f"{100 * coverage:.1f} / {width:.3f}", told, f"{100 * ridge:.0f}"]


def main() -> None:
    """Print the table."""
    arguments = parsed(__doc__, 1000).parse_args()
    heads = ("positives", "coverage / width", "rejected", "with a ridge")
    print("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
    for k, world in chosen(WORLDS, arguments.rows):
        cells = row(world, arguments.simulations, np.random.default_rng([16, k]))
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
