"""How often `fair-audit discover` finds a planted subgroup, and how often one that is not there.

Run: python -m benchmarks.discover_power [--null 1000] [--planted 300].

People have five attributes and two covariates, positives and negatives normal scores of one spread.
The planted subgroup, 10 % of the people, is a group of one attribute or one of two attributes
crossed. Where nothing is planted prevalence differs between groups, which moves no AUC.
"""

import argparse
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from fairness.arrays import BoolArray
from fairness.attributes import Attribute
from fairness.discover.discovery import Search, discover
from fairness.outcomes import Outcomes

SHARES = {
    "race": (0.2, 0.3, 0.5),
    "gender": (0.5, 0.5),
    "ethnicity": (0.8, 0.2),
    "language": (0.75, 0.15, 0.1),
    "site": (0.3, 0.3, 0.4),
}
AUC = 0.85
OVERLAP = 0.5
"""Jaccard index with the planted people from which on a reported subgroup counts as found."""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    n: int
    """Images."""
    prevalence: float
    drop: float
    """AUC that the planted people lose; 0: nothing is planted."""
    crossed: bool = True
    """Whether they are a group of two attributes crossed, else of one."""
    auc: float = AUC
    each: int = 1
    """Images a person."""

    @property
    def name(self) -> str:
        """What is drawn."""
        kind = "crossed" if self.crossed else "one group"
        what = f"drop {self.drop:.2f}, {kind}" if self.drop else f"none, AUC {self.auc:.2f}"
        images = f" of {self.n // self.each} people" if self.each > 1 else ""
        return f"{what} | {self.n}{images} | {100 * self.prevalence:.0f} %"


ROWS = (
    Row(4000, 0.3, 0.0),
    Row(4000, 0.3, 0.15),
    Row(8000, 0.3, 0.10),
    Row(4000, 0.3, 0.15, crossed=False),
    Row(8000, 0.3, 0.10, crossed=False),
    Row(4000, 0.3, 0.10),
    Row(4000, 0.1, 0.10),
    Row(4000, 0.1, 0.0),
    Row(4000, 0.3, 0.0, auc=0.95),
    Row(4000, 0.3, 0.0, each=2),
)


def cohort(row: Row, rng: np.random.Generator) -> tuple[Outcomes, BoolArray]:
    """A cohort, and who of it (n,) is in the planted subgroup."""
    people = row.n // row.each
    person = np.repeat(np.arange(people), row.each)
    codes = {
        name: rng.choice(len(shares), people, p=shares)[person] for name, shares in SHARES.items()
    }
    planted = codes["language"] == 2
    if row.crossed:
        planted = (codes["race"] == 0) & (codes["gender"] == 0)
    share = np.full(row.n, row.prevalence)
    if not row.drop:
        share *= np.array([0.7, 0.9, 1.18])[codes["race"]]
    y = (rng.random(row.n) < share).astype(np.int64)
    auc = np.where(planted, row.auc - row.drop, row.auc)
    common = np.sqrt(0.5) if row.each > 1 else 0.0  # what the images of a person share
    noise = common * rng.normal(size=people)[person]
    noise += np.sqrt(1 - common**2) * rng.normal(size=row.n)
    attributes = tuple(
        Attribute(name, tuple(f"{name} {k}" for k in range(len(shares))))
        for name, shares in SHARES.items()
    )
    outcomes = Outcomes(
        ids=tuple(map(str, range(row.n))),
        patients=tuple(map(str, person)),
        attributes=attributes,
        codes=codes,
        covariates={
            "age": rng.normal(60, 10, people)[person],
            "md": rng.normal(-4, 3, people)[person],
        },
        target=y,
        score=ndtr(noise + np.sqrt(2) * ndtri(auc) * y),
    )
    return outcomes, np.asarray(planted)


def overlap(a: BoolArray, b: BoolArray) -> float:
    """Jaccard index."""
    return float((a & b).sum() / max((a | b).sum(), 1))


def line(row: Row, runs: int, seed: int) -> str:
    """Shares of the runs that report something, and that report the planted subgroup."""
    rng = np.random.default_rng(seed)
    reported, found, looked = 0, 0, 0
    for k in range(runs):
        outcomes, planted = cohort(row, rng)
        discovery = discover(outcomes, Search(seed=k))
        shown = [one for one in discovery.subgroups if one.reported]
        reported += bool(shown)
        found += any(overlap(one.members, planted) >= OVERLAP for one in shown)
        looked += discovery.candidates
    of_planted = percent(found, runs) if row.drop else "-"
    return (
        f"| {row.name} | {looked / runs:.0f} | {percent(reported, runs)} | {of_planted} | {runs} |"
    )


def percent(hits: int, runs: int) -> str:
    """`91.2 (1.4)`: percent with its Monte Carlo standard error."""
    share = hits / runs
    return f"{100 * share:.1f} ({100 * np.sqrt(share * (1 - share) / runs):.1f})"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--null", type=int, default=1000)
    parser.add_argument("--planted", type=int, default=300)
    arguments = parser.parse_args()
    print("| planted | images | positive | subgroups looked at | any reported, % (error) "
          "| the planted one, % (error) | runs |")  # fmt: skip
    print("|---|--:|--:|--:|--:|--:|--:|")
    for k, row in enumerate(ROWS):
        runs = arguments.planted if row.drop or row.each > 1 else arguments.null
        print(line(row, runs, 20261127 + k), flush=True)


if __name__ == "__main__":
    main()
