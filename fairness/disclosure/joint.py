"""Everything that a reader does not know: how many samples have each combination of values.

Attributes that are reported together, crossed or inside strata, are linked. Their joint table would
be huge, and is not needed: a table for each clique of linked attributes is enough if tables agree
where they overlap and the cliques form a tree (Lauritzen, Graphical Models, 1996, ch. 2). To get
such cliques, attributes are eliminated one by one, and the neighbours of each are linked.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.attributes import UNKNOWN
from fairness.groups import Grouping


@dataclass(frozen=True)
class Factor:
    """One attribute: its level (n,) of each sample. The last level is the unknown, if any is."""

    name: str
    level: IntArray
    levels: int

    @classmethod
    def of(cls, grouping: Grouping) -> "Factor":
        """The factor of a grouping by one attribute."""
        groups, unknown = len(grouping.attribute.groups), grouping.codes == UNKNOWN
        level = np.where(unknown, groups, grouping.codes)
        return cls(grouping.attribute.name, level, groups + int(unknown.any()))


def components(tables: Sequence[tuple[int, ...]]) -> list[list[int]]:
    """Indices of the tables, those together whose factors are linked, directly or not."""
    found: list[tuple[set[int], list[int]]] = []
    for index, factors in enumerate(tables):
        linked = [part for part in found if part[0] & set(factors)]
        found = [part for part in found if not part[0] & set(factors)]
        members = [member for part in linked for member in part[1]]
        found.append((set(factors).union(*(part[0] for part in linked)), [*members, index]))
    return [members for _, members in found]


def cliques_of(tables: Sequence[tuple[int, ...]], levels: Mapping[int, int]) -> list[list[int]]:
    """Sets of factors, each table's within one of them, that form a tree."""
    linked: dict[int, set[int]] = {f: set() for table in tables for f in table}
    for table in tables:
        for f in table:
            linked[f] |= set(table) - {f}
    found: list[set[int]] = []
    while linked:
        clique = min(
            ({f, *others} for f, others in linked.items()),
            key=lambda clique: math.prod(levels[f] for f in clique),
        )
        gone = next(f for f in linked if {f, *linked[f]} == clique)
        others = linked.pop(gone)
        for f in others:
            linked[f] = (linked[f] | others) - {f, gone}
        if not any(clique <= larger for larger in found):
            found.append(clique)
    return [sorted(clique) for clique in found]


class Joint:
    """Unknowns: a table for each clique, one after the other in one vector (V,)."""

    def __init__(self, factors: Sequence[Factor], tables: Sequence[tuple[int, ...]]) -> None:
        self.factors = factors
        levels = {f: factors[f].levels for table in tables for f in table}
        self.cliques = cliques_of(tables, levels)
        self.shapes = [tuple(levels[f] for f in clique) for clique in self.cliques]
        self.starts = np.cumsum([0, *map(math.prod, self.shapes)])

    @property
    def size(self) -> int:
        """V, the number of unknowns."""
        return int(self.starts[-1])

    def counts(self, inside: BoolArray) -> FloatArray:
        """(V,) how many of the samples inside (n,) have each combination."""
        found = []
        for clique, shape in zip(self.cliques, self.shapes, strict=True):
            flat = np.ravel_multi_index([self.factors[f].level[inside] for f in clique], shape)
            found.append(np.bincount(flat, minlength=math.prod(shape)).astype(np.float64))
        return np.concatenate(found)

    def members(self, table: Sequence[int], chosen: BoolArray, clique: int = -1) -> FloatArray:
        """(V,) of 0/1: the unknowns that add up to the chosen levels of a table's factors.

        `chosen` has one axis a factor of the table. They are taken from the first clique that
        holds the table, or from the one named.
        """
        if clique < 0:
            clique = next(k for k, c in enumerate(self.cliques) if set(table) <= set(c))
        factors = self.cliques[clique]
        order = np.argsort(table)
        ordered = np.transpose(chosen, order)
        shape = [self.factors[f].levels if f in table else 1 for f in factors]
        found = np.zeros(self.size)
        inside = np.broadcast_to(ordered.reshape(shape), self.shapes[clique])
        found[self.starts[clique] : self.starts[clique + 1]] = inside.ravel()
        return found

    def agreements(self) -> list[FloatArray]:
        """Rows (V,) that are 0 where the tables of neighbouring cliques agree."""
        pairs = itertools.combinations(range(len(self.cliques)), 2)
        shared = {(a, b): set(self.cliques[a]) & set(self.cliques[b]) for a, b in pairs}
        tree = list(range(len(self.cliques)))
        rows = []
        for a, b in sorted(shared, key=lambda pair: -len(shared[pair])):
            if tree[a] == tree[b]:
                continue
            tree = [tree[a] if root == tree[b] else root for root in tree]
            factors = sorted(shared[a, b])
            shape = tuple(self.factors[f].levels for f in factors)
            for flat in range(math.prod(shape)):
                chosen = np.zeros(shape, dtype=bool)
                chosen.flat[flat] = True
                rows.append(self.members(factors, chosen, a) - self.members(factors, chosen, b))
        return rows
