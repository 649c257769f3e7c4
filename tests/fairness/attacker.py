"""A reader who adds and subtracts whatever a report shows, by linear programming.

He knows every printed count, that an empty group prints 0, and what each hidden row says of
itself. He does not know the code: his unknowns are the samples of every combination of values.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.optimize import Bounds, LinearConstraint, milp

from fairness.arrays import Array, FloatArray, IntArray
from fairness.attributes import Attribute
from fairness.groups import Grouping, plain

FEW, FEW_OF_A_CLASS, WITHHELD = "few people", "few positives or negatives", "withheld"


@dataclass(frozen=True)
class Printed:
    """One group of the report: its counts, or why they are absent."""

    attribute: str
    group: str
    n: int | None
    positive: int | None
    why: str | None


class Attacker:
    """What a reader can find out about one table of people; every person has one sample."""

    def __init__(self, factors: Sequence[Grouping], target: IntArray | None, least: int) -> None:
        self.least, self.target = least, target
        self.names = [g.attribute.name for g in factors]
        levels = [
            [*range(len(g.attribute.groups)), *([-1] if (g.codes < 0).any() else [])]
            for g in factors
        ]
        self.codes = [g.codes for g in factors]
        self.labels = [g.attribute.groups for g in factors]
        self.atoms = np.array(list(itertools.product(*levels)))
        self.classes = 1 if target is None else 2

    def members(self, attribute: str, group: str) -> Array:
        """(atoms,) which combinations belong to a printed row."""
        return self._inside(attribute, group, list(self.atoms.T))

    def count(self, attribute: str, group: str) -> tuple[int, int]:
        """The true people and positives of a printed row."""
        inside = self._inside(attribute, group, self.codes)
        return int(inside.sum()), 0 if self.target is None else int(self.target[inside].sum())

    def _inside(self, attribute: str, group: str, codes: Sequence[Array]) -> Array:
        everybody = np.ones(len(codes[0]), dtype=bool)
        if attribute == "overall":
            return everybody
        if attribute.endswith(" (unknown as a group)"):
            name = attribute.removesuffix(" (unknown as a group)")
            if group in ("all", "unknown"):
                return everybody if group == "all" else ~everybody
            return self._inside(name, "unknown" if group == "not recorded" else group, codes)
        if " | " in attribute:
            name, within = attribute.split(" | ")
            for control, labels in zip(self.names, self.labels, strict=True):
                for label in labels:
                    if within == f"{control} {label}":
                        stratum = self._inside(control, label, codes)
                        return stratum & self._inside(name, group, codes)
        places = [self.names.index(name) for name in attribute.split("*")]
        known: Array = np.all([codes[k] >= 0 for k in places], axis=0)
        if group in ("all", "unknown"):
            return known if group == "all" else ~known
        parts = group.split(" * ")
        inside: Array = np.all(
            [codes[k] == self.labels[k].index(p) for k, p in zip(places, parts, strict=True)],
            axis=0,
        )
        return inside

    def ranges(
        self, printed: Sequence[Printed], whole: bool = False
    ) -> Mapping[tuple[str, str], list[int]]:
        """Whole numbers left for people (and positives, negatives) of every truly small row.

        Rows that print their counts by mistake get 1. `whole`: with whole people only (slower).
        """
        size = len(self.atoms)
        lines, low, high = [], [], []
        for row in printed:
            inside = self.members(row.attribute, row.group).astype(float)
            for line, least, most in self._said(row, inside):
                lines.append(line)
                low.append(least)
                high.append(most)
        constraint = LinearConstraint(sp.csr_array(np.array(lines)), low, high)
        integrality = np.full(size * self.classes, int(whole))
        found = {}
        for row in printed:
            if not self.is_small(row) or row.group == "unknown":
                continue
            inside = self.members(row.attribute, row.group).astype(float)
            counts = []
            for weight in self._quantities(inside):
                ends = []
                for sign in (1, -1):
                    answer = milp(
                        sign * weight,
                        constraints=constraint,
                        bounds=Bounds(0, np.inf),
                        integrality=integrality,
                        options={"time_limit": 20},
                    )
                    if answer.status == 3:  # unbounded
                        ends.append(sign * -1e6)
                        continue
                    assert answer.x is not None, answer.message
                    ends.append(float(weight @ answer.x))
                counts.append(int(np.floor(ends[1] + 1e-6) - np.ceil(ends[0] - 1e-6)) + 1)
            found[row.attribute, row.group] = counts
        return found

    def is_small(self, row: Printed) -> bool:
        """Whether a row speaks of 1 to `least` - 1 people, positives or negatives."""
        n, positive = self.count(row.attribute, row.group)
        of_classes = () if self.target is None else (positive, n - positive)
        return any(0 < k < self.least for k in (n, *of_classes))

    def _quantities(self, inside: FloatArray) -> list[FloatArray]:
        if self.classes == 1:
            return [inside]
        nobody = np.zeros_like(inside)
        both = [np.concatenate(pair) for pair in ((inside, nobody), (nobody, inside))]
        return [both[0] + both[1], *both]

    def _said(self, row: Printed, inside: FloatArray) -> Iterator[tuple[FloatArray, float, float]]:
        """Linear facts about a row: weights of the unknowns, and what their sum lies between."""
        people, *classes = self._quantities(inside)
        if row.n is not None:
            yield people, row.n, row.n
            if classes and row.positive is not None:
                yield classes[0], row.positive, row.positive
        elif row.why == FEW:
            yield people, 1, self.least - 1
        elif row.why == FEW_OF_A_CLASS:
            yield people, self.least, np.inf
        elif row.group != "unknown":
            yield people, self.least if row.why == WITHHELD else 1, np.inf


def random_people(
    n: int, seed: int, prevalence: float, unknown: float
) -> tuple[list[Grouping], Grouping, IntArray]:
    """Race 5 x gender 2 x age 4, lopsided, perhaps with unknown values; site 3 as the control."""
    rng = np.random.default_rng(seed)
    shares = {
        "race": [0.02, 0.05, 0.13, 0.2, 0.6],
        "gender": [0.35, 0.65],
        "age": [0.05, 0.15, 0.3, 0.5],
        "site": [0.1, 0.3, 0.6],
    }
    found = []
    for name, share in shares.items():
        codes = rng.choice(len(share), n, p=rng.permutation(share))
        if name != "site":
            codes[rng.random(n) < unknown] = -1
        labels = tuple(f"{name[0]}{k}" for k in range(len(share)))
        found.append(plain(Attribute(name, labels), codes))
    target = (rng.random(n) < prevalence).astype(np.int64)
    return found[:3], found[3], target
