"""How often the tests of who is missing find what is not there, and what is.

Run: python -m benchmarks.coverage_missing [--simulations 2000].

People are of three sites. Their group is unknown by chance alone, or more often among positives,
among high scores, or at one site. With several images a patient shares half of the variance of the
score, and one image in five has another label than its patient.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.coverage_rows import chosen, parsed
from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.statistics.missing_tests import (
    related_to_label,
    related_to_score,
    related_to_site,
)

TESTS = ("label", "score", "site")
FLIPPED = 0.2
STRONGER = 2.0
"""Odds of being unknown, where they depend on something, over those without it."""


@dataclass(frozen=True)
class World:
    """People, images of each, and on what being unknown depends."""

    people: int
    images: int
    unknown: float
    prevalence: float = 0.3
    by: str = "nothing"

    @property
    def name(self) -> str:
        """In words."""
        images = f", {self.images} images each" if self.images > 1 else ""
        shares = f"{self.unknown:.0%} unknown, {self.prevalence:.0%} positive"
        return f"{self.people} people{images}, {shares}"

    def draw(
        self, rng: np.random.Generator
    ) -> tuple[BoolArray, IntArray, FloatArray, IntArray, IntArray]:
        """Whether unknown, label, score, site and patient of every image."""
        y = rng.random(self.people) < self.prevalence
        trait, site = rng.normal(size=self.people), rng.integers(0, 3, self.people)
        reasons = {"nothing": 0 * trait, "label": y, "score": trait > 0, "site": site == 0}
        odds = self.unknown / (1 - self.unknown) * STRONGER ** reasons[self.by]
        missing = rng.random(self.people) < odds / (1 + odds)
        patient = np.repeat(np.arange(self.people), self.images)
        label, score = y[patient], trait[patient]
        if self.images > 1:
            label = label ^ (rng.random(len(label)) < FLIPPED)
            score = np.sqrt(0.5) * (score + rng.normal(size=len(score)))
        return missing[patient], label.astype(np.int64), score + label, site[patient], patient


WORLDS = (
    World(60, 1, 0.3),
    World(200, 1, 0.1),
    World(200, 2, 0.1),
    World(300, 1, 0.1, prevalence=0.05),
    World(300, 3, 0.3),
    World(2000, 1, 0.05),
    *(World(400, 1, 0.2, by=name) for name in TESTS),
)


def row(world: World, simulations: int, rng: np.random.Generator) -> list[str]:
    """Percent of the simulations in which each test has p < 0.05."""
    found = np.zeros(len(TESTS))
    for _ in range(simulations):
        missing, y, score, site, units = world.draw(rng)
        tests = (
            related_to_label(missing, y, units),
            related_to_score(missing, score, y, units),
            related_to_site(missing, site, units),
        )
        found += [test.p is not None and test.p < 0.05 for test in tests]
    return [f"{100 * share:.1f}" for share in found / simulations]


def main() -> None:
    """Print the table."""
    arguments = parsed(__doc__, 2000).parse_args()
    print("| people | unknown depends on | label | score | site |")
    print("|---|---|---|---|---|")
    for k, world in chosen(WORLDS, arguments.rows):
        cells = " | ".join(row(world, arguments.simulations, np.random.default_rng([3, k])))
        print(f"| {world.name} | {world.by} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
