"""What a benchmark over seeds could detect, said before it runs, and when seeds may be added.

A benchmark compares a method with another one of the same seeds by a two-sided paired t-test of
level `ALPHA`. Its plan is the numbers of seeds at which it may look: the last one is the most that
will ever be run. At each look a part of the level is spent, `ALPHA (n / most)^3` up to n seeds (Kim
and DeMets, Biometrika 1987, with their power 3), and the test of a look has the part that its look
adds. The parts add up to `ALPHA`, so by Bonferroni's inequality no more than that share of all runs
without a difference finds one at any look, however the looks depend on one another. Seeds that are
added in any other way, because a result was nearly there, make a test of no level.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from fairness.arrays import FloatArray
from fairness.errors import UsageError

ALPHA = 0.05
POWER = 0.8
SPENDING = 3


@dataclass(frozen=True)
class SeedPlan:
    """The numbers of seeds at which a benchmark may look, fixed before its first run."""

    looks: tuple[int, ...]
    """Increasing, from 2 on; one number: no seed is ever added."""

    def __post_init__(self) -> None:
        """Raises UsageError where the numbers do not increase from 2 on."""
        if not self.looks or any(
            b <= a for a, b in zip((1, *self.looks), self.looks, strict=False)
        ):
            raise UsageError(f"looks at {self.looks} seeds: name increasing numbers from 2 on")

    def levels(self) -> tuple[float, ...]:
        """The level of the test at each look; their sum is `ALPHA`."""
        spent = [ALPHA * (n / self.looks[-1]) ** SPENDING for n in self.looks]
        return tuple(float(step) for step in np.diff(spent, prepend=0.0))

    def level(self, seeds: int) -> float:
        """The level of the test at a look.

        Raises:
            UsageError: the plan has no look at that number of seeds.
        """
        if seeds not in self.looks:
            planned = ", ".join(map(str, self.looks))
            raise UsageError(f"{seeds} seeds are not of the plan: it looks at {planned} and stops")
        return self.levels()[self.looks.index(seeds)]

    def rejects(self, differences: FloatArray) -> bool:
        """Whether differences of (seeds,) are told from 0 at the look that has so many of them.

        Raises:
            UsageError: the plan has no such look.
        """
        level = self.level(len(differences))
        return bool(stats.ttest_1samp(differences, 0.0).pvalue <= level)


def detectable(sd: float, seeds: int, level: float = ALPHA, power: float = POWER) -> float:
    """Smallest mean difference that a two-sided paired t-test finds with probability `power`.

    Args:
        sd: standard deviation of the differences between two methods of the same seed.
        seeds: number of them, from 2 on.
        level: of the test.
        power: above `level`, below 1.
    """
    free = seeds - 1
    edge = stats.t.isf(level / 2, free)

    def found(shift: float) -> float:
        upper, lower = stats.nct.sf(edge, free, shift), stats.nct.cdf(-edge, free, shift)
        # A tail that underflows is nan in some versions of scipy; it counts nothing.
        return float(upper + np.nan_to_num(lower)) - power

    shift = optimize.brentq(found, 0.0, 4 * (edge + 3))
    return float(shift) * sd / float(np.sqrt(seeds))


def announce(plan: SeedPlan, sds: Mapping[str, float], source: str) -> None:
    """Print the plan before the first run.

    Args:
        plan: of the benchmark.
        sds: standard deviation of the differences between methods, by column.
        source: where they come from, in words.
    """
    print(f"Planned: differences of the same seed, sds {source}")
    for seeds, level in zip(plan.looks, plan.levels(), strict=True):
        sizes = ", ".join(f"{n} {detectable(sd, seeds, level):.3g}" for n, sd in sds.items())
        print(f"  {seeds} seeds, level {level:.3g}: found with probability {POWER:g}: {sizes}")
    print(f"  no seed beyond {plan.looks[-1]} will be added\n", flush=True)
