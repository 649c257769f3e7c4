"""One simulated test set of a design: outcomes, scores and groups of its people."""

from dataclasses import dataclass

import numpy as np

from audit.design.design import Design
from fairness.arrays import FloatArray, IntArray
from fairness.attributes import UNKNOWN
from fairness.groups import Grouping, plain
from fairness.outcomes import Cases


@dataclass(frozen=True)
class Frame:
    """What is the same in every draw: each person's place, groups and assumptions."""

    design: Design
    cell: IntArray
    """(n,) which group of the design."""
    groupings: tuple[Grouping, ...]

    @staticmethod
    def of(design: Design) -> "Frame":
        """The frame of a design."""
        cell = np.repeat(np.arange(len(design.groups)), [group.n for group in design.groups])
        groupings = []
        for attribute in design.attributes:
            codes = [
                attribute.groups.index(name) if name in attribute.groups else UNKNOWN
                for name in (group.of[attribute.name] for group in design.groups)
            ]
            groupings.append(plain(attribute, np.array(codes, dtype=np.int64)[cell]))
        return Frame(design, cell, tuple(groupings))

    def cases(self) -> Cases:
        """The people, each with one image."""
        names = tuple(map(str, range(len(self.cell))))
        return Cases(
            ids=names,
            patients=names,
            attributes=self.design.attributes,
            codes={g.attribute.name: g.codes for g in self.groupings},
            covariates={},
        )

    def classified(self, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
        """Truth (n,) of 0/1 and score (n,); from 0 on a case is predicted positive."""
        scores = [group.binormal() for group in self.design.groups]
        share = np.array([group.prevalence for group in self.design.groups], dtype=np.float64)
        y = (rng.random(len(self.cell)) < share[self.cell]).astype(np.int64)
        means = np.array([(s.negative, s.positive) for s in scores])[self.cell, y]
        spread = np.array([(1.0, s.spread) for s in scores])[self.cell, y]
        return y, means + spread * rng.standard_normal(len(self.cell))

    def of_masks(self, rng: np.random.Generator) -> dict[str, FloatArray]:
        """Score of each case (n,) by name: beta distributed, independent of one another."""
        found = {}
        for name in self.design.groups[0].scores:
            stated = [group.scores[name] for group in self.design.groups]
            shape = [s.mean * (1 - s.mean) / s.sd**2 - 1 for s in stated]
            a = np.array([s.mean * k for s, k in zip(stated, shape, strict=True)])
            b = np.array([(1 - s.mean) * k for s, k in zip(stated, shape, strict=True)])
            found[name] = rng.beta(a[self.cell], b[self.cell])
        return found
