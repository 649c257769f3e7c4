"""Other tables that a reader cannot tell from the true one, by linear programming.

The unknowns are how far another table deviates from the true one, in each class. What is printed
does not deviate; what is hidden may, within its limits; what could be hidden may at a cost.
"""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from scipy.optimize import Bounds, LinearConstraint, milp

from fairness.arrays import BoolArray, FloatArray
from fairness.disclosure.cells import Cell
from fairness.disclosure.joint import Joint

TINY = 1e-6
SECONDS = 20.0
"""Of one search, which takes some hundredths; what is not found in time counts as impossible."""


class Program:
    """Deviations of K cells from their true counts, in C classes, that leave every sum consistent.

    Columns: the unknowns of each class, then the cells' deviations upwards, then downwards.
    """

    def __init__(self, joint: Joint, cells: Sequence[Cell], classes: Sequence[BoolArray]) -> None:
        self.cells, self.classes = cells, len(classes)
        self.cost = np.array([cell.cost for cell in cells])
        counts = np.array([cell.counts for cell in cells])
        counts = np.column_stack([counts, counts.sum(axis=1)])  # (K, C + 1), the last together
        self.down = np.maximum(counts - np.array([cell.least for cell in cells]), 0)
        self.up = np.maximum(np.array([cell.most for cell in cells]) - counts, 0)
        members = np.array([joint.members(c.table.factors, c.chosen) for c in cells])
        whole = np.zeros(joint.size)
        whole[: joint.starts[1]] = 1.0  # the size of the data is printed
        fixed = np.array([whole, *joint.agreements()])
        blocks, floors = [], []
        for k, inside in enumerate(classes):
            # What is 0 for certain empties all that it is made of.
            empty = (counts[:, k] == 0) & ((self.up[:, k] == 0) | (not inside.any()))
            alive = ~members[empty].any(axis=0)
            blocks.append((members[:, alive], fixed[:, alive]))
            floors.append(-joint.counts(inside)[alive])
        self.floor = np.concatenate(floors)
        self.moves = np.array([block[0].any(axis=1) for block in blocks]).T  # (K, C)
        self.constraint = self._constraint(blocks)

    def _constraint(self, blocks: Sequence[tuple[FloatArray, FloatArray]]) -> sp.csr_array:
        """Rows: sums of cells, fixed sums, and the cells' deviations in all classes together."""
        k = len(self.cells)
        eye = sp.identity(k * self.classes, format="csr")
        sums = sp.hstack([sp.block_diag([b[0] for b in blocks]), -eye, eye])
        fixed = sp.block_diag([b[1] for b in blocks])
        nothing = sp.csr_array((fixed.shape[0], 2 * k * self.classes))
        one = sp.hstack([sp.identity(k, format="csr")] * self.classes)
        unknowns = sp.csr_array((k, len(self.floor)))
        together = sp.hstack([unknowns, one, -one])
        return sp.csr_array(sp.vstack([sums, sp.hstack([fixed, nothing]), together]))

    def shifted(
        self, cell: int, quantity: int, shift: float, hidden: BoolArray
    ) -> FloatArray | None:
        """(K, C + 1) deviations of the cells, together in the last column, if one count is shifted.

        They are the cheapest: what is not `hidden` (K,) has a cost. None where there are none.

        Args:
            cell: whose count is shifted.
            quantity: 0..C - 1 a class, C all of them together.
            shift: samples.
            hidden: (K,) cells that may deviate freely within their limits.
        """
        if not -self.down[cell, quantity] <= shift <= self.up[cell, quantity]:
            return None
        wanted = np.full((len(self.cells), self.classes + 1), np.nan)
        wanted[cell, quantity] = shift
        cost = np.where(hidden, 1e-3, self.cost)
        return self._solve(np.tile(cost, 2 * self.classes), wanted, np.zeros_like(hidden))

    def farthest(self, weights: FloatArray, hidden: BoolArray) -> FloatArray | None:
        """(K, C + 1) deviations with the largest sum of `weights` (K, C) times them.

        Only what is `hidden` (K,) deviates; cells of infinite limits need a weight of 0.
        """
        objective = np.concatenate([-weights.T.ravel(), weights.T.ravel()])
        return self._solve(objective, np.full_like(self.up, np.nan), ~hidden)

    def _solve(
        self, objective: FloatArray, wanted: FloatArray, locked: BoolArray
    ) -> FloatArray | None:
        """Deviations, those that are `wanted` (K, C + 1; NaN: any) and none that is locked (K,)."""
        k, c, v = len(self.cells), self.classes, len(self.floor)
        free = np.isnan(wanted)
        up, down = self.up.copy(), self.down.copy()
        up[locked], down[locked] = 0.0, 0.0
        lowest, highest = np.where(free, -down, wanted), np.where(free, up, wanted)
        lower = [self.floor, np.maximum(lowest[:, :c], 0).T.ravel()]
        lower.append(np.maximum(-highest[:, :c], 0).T.ravel())
        upper = [np.full(v, np.inf), np.maximum(highest[:, :c], 0).T.ravel()]
        upper.append(np.maximum(-lowest[:, :c], 0).T.ravel())
        zero = np.zeros(self.constraint.shape[0] - k)
        answer = milp(
            np.concatenate([np.zeros(v), objective]),
            constraints=LinearConstraint(
                self.constraint,
                np.concatenate([zero, lowest[:, c]]),
                np.concatenate([zero, highest[:, c]]),
            ),
            bounds=Bounds(np.concatenate(lower), np.concatenate(upper)),
            options={"time_limit": SECONDS},
        )
        if answer.x is None:
            return None
        ups, downs = answer.x[v:].reshape(2, c, k)
        moved = (ups - downs).T
        return np.column_stack([moved, moved.sum(axis=1)])
