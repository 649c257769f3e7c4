"""Chooses the cheapest counts to withhold so that every small count keeps its room.

For both ends of a small count's range another table is sought that shares every printed sum; cells
that deviate in it are withheld (Kelly, Golden and Assad, Networks 1992; Fischetti and Salazar,
Management Science 2001). A table once found stays possible, as more cells are hidden only.
"""

from collections.abc import Iterator

import numpy as np

from fairness.arrays import BoolArray, FloatArray
from fairness.disclosure.program import TINY, Program


def withhold(program: Program) -> BoolArray | None:
    """(K,) cells to hide, the small ones among them; None where a small count keeps no room."""
    search = _Search(program)
    search.sweep()
    for cell, quantity in np.argwhere(search.needed).tolist():
        if not search.make_room(cell, quantity):
            return None
    return search.hidden


class _Search:
    """Cells hidden so far, and how far each count is known to be able to deviate."""

    def __init__(self, program: Program) -> None:
        self.program = program
        small = np.array([cell.small is not None for cell in program.cells])
        self.hidden: BoolArray = small | np.array([not cell.told for cell in program.cells])
        self.room = np.array([cell.room for cell in program.cells])
        # What cannot move at all is known to be 0 from something that is printed.
        moves = np.column_stack([program.moves, program.moves.any(axis=1)])
        self.needed = small[:, None] & moves
        self.lowest = np.zeros(moves.shape)
        self.highest = np.zeros(moves.shape)

    @property
    def lacking(self) -> BoolArray:
        """(K, C + 1) counts that still need room."""
        return np.asarray(self.needed & (self.highest - self.lowest < self.room - TINY))

    def sweep(self) -> None:
        """Find tables in which many counts that need room deviate as far as they can."""
        before = -1
        while before != (left := int(self.lacking.sum())) and left:
            before = left
            for sign in (1.0, -1.0):
                weights = sign * self.lacking[:, : self.program.classes]
                table = self.program.farthest(weights, self.hidden)
                if table is not None:
                    self.accept(table)

    def make_room(self, cell: int, quantity: int) -> bool:
        """Hide what lets one count of one cell be anything within a range as wide as it needs."""
        if not self.lacking[cell, quantity]:
            return True
        room = float(self.room[cell, quantity])
        low, high = self.lowest[cell, quantity], self.highest[cell, quantity]
        best, tables = self.tables(cell, quantity, (low, low + room))
        if best > 0:
            other = self.tables(cell, quantity, (high - room, high))
            best, tables = min((best, tables), other, key=lambda option: option[0])
        for down in range(1, int(room)):
            if np.isinf(best):
                best, tables = self.tables(cell, quantity, (-float(down), room - down))
        if np.isinf(best):
            return False
        for table in tables:
            self.accept(table)
        if best > 0:
            self.sweep()
        return True

    def tables(
        self, cell: int, quantity: int, ends: tuple[float, float]
    ) -> tuple[float, list[FloatArray]]:
        """Cost of a placement of the range, and the tables at those ends that are not known yet."""
        cost, found = 0.0, []
        for end in ends:
            if self.lowest[cell, quantity] - TINY <= end <= self.highest[cell, quantity] + TINY:
                continue
            table = self.program.shifted(cell, quantity, end, self.hidden)
            if table is None:
                return np.inf, []
            found.append(table)
            cost += float(self.program.cost[list(self.new(table))].sum())
        return cost, found

    def new(self, table: FloatArray) -> Iterator[int]:
        """Cells that deviate in a table and are not hidden yet."""
        deviates = (np.abs(table) > TINY).any(axis=1) & ~self.hidden
        return (int(k) for k in np.flatnonzero(deviates))

    def accept(self, table: FloatArray) -> None:
        """Hide what deviates in a table, which is possible from then on."""
        self.hidden[list(self.new(table))] = True
        self.lowest = np.minimum(self.lowest, table)
        self.highest = np.maximum(self.highest, table)
