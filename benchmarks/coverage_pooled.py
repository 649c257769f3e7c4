"""Coverage of intervals of pooled sites that hand over histograms, beside those of all rows.

Run: python -m benchmarks.coverage_pooled [--simulations 400]; prints a table of
benchmarks/README.md.

Scores are the normal distribution's function of normal numbers: of negatives with mean -d / 2, of
positives d / 2; at every site all lie `shift` further than at the one before. Two groups A and B
have the same share of each site. The truth of pooled AUCs is that of normal mixtures, in closed
form; that of a gap is their difference. A gap is found where its interval excludes 0.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from benchmarks.coverage_rows import chosen, parsed
from fairness.arrays import IntArray
from fairness.attributes import Attribute
from fairness.groups import plain
from fairness.outcomes import Contrast
from fairness.pooling.measured import numbers_of
from fairness.pooling.pool import groups_of
from fairness.pooling.site import About, Scored, site_summary
from fairness.pooling.summary import Model, SiteSummary
from fairness.statistics.analyse import analyse
from fairness.statistics.binary import BinaryScores
from fairness.statistics.settings import Settings

GROUP = Attribute("group", ("A", "B"))
SETTINGS = Settings(replicates=100, suppress_below=0, inferential_from=0)
SHARED = 0.5
"""Of the variance of a patient's images, what they have in common."""


@dataclass(frozen=True)
class World:
    """Sites with people of two groups."""

    name: str
    people: tuple[tuple[int, int], ...]
    """Of A and B at each site."""
    aucs: tuple[float, float]
    """Inside a site."""
    prevalence: float = 0.3
    shift: float = 0.0
    images: int = 1

    def truth(self) -> float:
        """The gap of the pooled AUCs."""
        return self.auc(0) - self.auc(1)

    def auc(self, group: int) -> float:
        """P(a positive scores above a negative), both from sites by their people."""
        weight = np.array([people[group] for people in self.people], dtype=float)
        weight /= weight.sum()
        apart = np.sqrt(2) * norm.ppf(self.aucs[group])
        place = self.shift * np.arange(len(weight))
        won = norm.cdf((apart + place[:, None] - place[None]) / np.sqrt(2))
        return float(weight @ won @ weight)


@dataclass(frozen=True)
class Site:
    """What was drawn at one site."""

    scored: Scored
    group: IntArray
    """(n,) of 0 and 1."""


def draw(world: World, rng: np.random.Generator) -> list[Site]:
    """People of every site."""
    found = []
    for k, people in enumerate(world.people):
        of_person = np.repeat([0, 1], people)
        units = np.repeat(np.arange(len(of_person)), world.images)
        group = of_person[units]
        y = (rng.random(len(of_person)) < world.prevalence).astype(np.int64)[units]
        noise = rng.normal(size=len(units))
        if world.images > 1:
            shared = rng.normal(size=len(of_person))[units]
            noise = np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * noise
        apart = np.sqrt(2) * norm.ppf(np.array(world.aucs))[group]
        score = norm.cdf((y - 0.5) * apart + noise + world.shift * k - 0.3)
        found.append(Site(Scored(y, score, units, 0.5), group))
    return found


def of_files(sites: Sequence[Site]) -> Contrast:
    """The gap in AUC from the files."""
    files: list[SiteSummary] = []
    for k, site in enumerate(sites):
        about = About(f"site {k}", Model("model", None), "label", "data", "test")
        files.append(site_summary(site.scored, [plain(GROUP, site.group)], about, 11))
    pairs = numbers_of("group", groups_of("group", files), SETTINGS, primary=True).pairs
    return next(pair for pair in pairs if pair.metric == "auc")


def of_rows(sites: Sequence[Site]) -> Contrast:
    """The same from all rows in one table."""
    start, units = 0, []
    for site in sites:
        units.append(site.scored.units + start)
        start += int(site.scored.units.max()) + 1
    y, score = (
        np.concatenate([getattr(site.scored, name) for site in sites])
        for name in ("positive", "score")
    )
    group = np.concatenate([site.group for site in sites])
    measures = BinaryScores(y, score, 0.5)
    found = analyse(measures, np.concatenate(units), [plain(GROUP, group)], SETTINGS)
    return next(c for c in found.contrasts if c.metric == "auc" and c.group_a == "A")


WORLDS = (
    World("2 sites, 150 + 450 each, AUC .85 v .85", ((150, 450),) * 2, (0.85, 0.85)),
    World("3 sites, 100 + 300 each, AUC .80 v .90", ((100, 300),) * 3, (0.8, 0.9)),
    World("3 sites apart by .3, 100 + 300 each", ((100, 300),) * 3, (0.85, 0.85), shift=0.3),
    World("5 sites, 60 + 200 each, AUC .85 v .85", ((60, 200),) * 5, (0.85, 0.85)),
    World("900 + 900, 80 + 80 twice, AUC .90 v .90", ((900, 900), (80, 80), (80, 80)), (0.9, 0.9)),
    World("2 sites, two images, 150 + 300 each", ((150, 300),) * 2, (0.85, 0.85), images=2),
)


def row(world: World, simulations: int, seed: int, whole: bool) -> str:
    """Coverage, alarms and widths of the gap from files, and what the cells moved."""
    truth, rng = world.truth(), np.random.default_rng(seed)
    held, alarms, widths, moved, beside = 0, 0, [], [], 0
    left_out, began = 0, time.monotonic()
    for k in range(simulations):
        sites = draw(world, rng)
        try:
            ours = of_files(sites)
        except StopIteration:
            left_out += 1
            continue
        assert ours.value is not None
        assert ours.low is not None
        assert ours.high is not None
        held += ours.low <= truth <= ours.high
        alarms += ours.low > 0 or ours.high < 0
        widths.append(ours.high - ours.low)
        if whole:
            exact = of_rows(sites)
            assert exact.value is not None
            assert exact.low is not None
            assert exact.high is not None
            moved.append(ours.value - exact.value)
            beside += exact.low <= truth <= exact.high
        rate = (k + 1) / (time.monotonic() - began)
        left = (simulations - k - 1) / rate
        print(f"\r{world.name}: {k + 1}, {rate:.1f}/s, {left:.0f} s left ", end="", file=sys.stderr)
    print(file=sys.stderr)
    n = simulations - left_out
    error = f"{np.sqrt(np.mean(np.square(moved))):.4f}" if moved else "-"
    rows = f"{beside / n:.1%}" if moved else "-"
    return (
        f"| {world.name} | {truth:.3f} | {held / n:.1%} | {rows} | {np.mean(widths):.3f} "
        f"| {error} | {alarms / n:.1%} |"
    )


def main() -> None:
    """Print the table."""
    parser = parsed(str(__doc__), simulations=400)
    parser.add_argument("--rows-too", action="store_true", help="analyse all rows beside (slow)")
    options = parser.parse_args()
    print("| sites | gap | coverage | of all rows | width | cells moved it (RMS) | found |")
    print("|---|---|---|---|---|---|---|")
    for k, world in chosen(WORLDS, options.rows):
        print(row(world, options.simulations, k, options.rows_too), flush=True)


if __name__ == "__main__":
    main()
