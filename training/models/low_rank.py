"""FairLoRA's layer: a frozen linear map plus a low-rank one whose diagonal depends on the group.

    y_i = W x_i + b + (alpha / rank) * ((x_i A) * s_i) B,   s_i = sum_j pi(g_i)_j S_j

A, B and S are trained; pi gives weight `lam` to a sample's own group and shares the rest evenly
among the others (the paper draws lam = 1, its authors run 0.7). An unknown group takes the mean of
all rows. Without S this is plain LoRA; with one row, LoRA with a diagonal and no groups.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from fairness.attributes import UNKNOWN
from fairness.errors import UsageError

SHARED = 0.2
"""Scale of the rotated half of a group's first diagonal against the half that all groups share."""


def initial_diagonals(rank: int, groups: int) -> Tensor:
    """The S that training starts from, (groups, rank) float64.

    The first half of a row falls from 0.5 to 0.1 and is the same in all rows; the second half
    repeats it at a fifth, rotated further for each group. Where half the rank is below the number
    of groups there is no rotation, and all rows are equal.

    Raises:
        UsageError: the rank is odd, or smaller than the number of groups.
    """
    if rank % 2 or rank < max(groups, 2):
        raise UsageError(f"rank {rank} with {groups} groups: choose an even rank of at least both")
    half = rank // 2
    base = torch.linspace(0.5, 0.1, half, dtype=torch.float64)
    rotated = [base.roll(-group * (half // groups)) for group in range(groups)]
    return torch.stack([torch.cat([base, SHARED * row]) for row in rotated])


def table_rows(groups: Tensor, n_groups: int) -> Tensor:
    """Rows (B,) of a layer's table for group codes (B,) int64: the code itself, UNKNOWN the last.

    Any other code gets a row that does not exist: looking it up fails in torch and in ONNX Runtime
    on a CPU, where a bare -2 would silently mean the last group.
    """
    rest = torch.where(groups == UNKNOWN, n_groups, n_groups + 1)
    return torch.where((groups >= 0) & (groups < n_groups), groups, rest)


def per_slice(rows: Tensor, slices: int) -> Tensor:
    """Each sample's row, repeated for its slices: (B,) to (B * slices,)."""
    return rows.unsqueeze(1).expand(-1, slices).reshape(-1)


class LowRank(nn.Module):
    """A frozen linear layer, or convolution of 1x1 and stride 1, with a low-rank part beside it.

    A (in, rank) starts at zero, so that nothing changes before training; B (rank, out) is drawn
    from N(0, 1); S (groups, rank) is `initial_diagonals`, or None for plain LoRA.
    """

    def __init__(
        self,
        base: nn.Linear | nn.Conv2d,
        rank: int,
        alpha: float,
        *,
        groups: int | None,
        lam: float = 0.7,
    ) -> None:
        """Wrap `base` and freeze it.

        Args:
            base: the map to adapt.
            rank: columns of A and rows of B.
            alpha: the low-rank part is scaled by alpha / rank.
            groups: rows of S; 1 is a diagonal without groups, None no diagonal.
            lam: weight of a sample's own row in 0..1, where there are two groups or more.
        """
        super().__init__()
        self.base = base.requires_grad_(False)
        self.scale = alpha / rank
        self.lam = lam
        outputs, inputs = base.weight.shape[:2]
        self.A = nn.Parameter(torch.zeros(inputs, rank))
        self.B = nn.Parameter(torch.randn(rank, outputs))
        self.S: nn.Parameter | None = None
        if groups is not None:
            self.S = nn.Parameter(initial_diagonals(rank, groups).to(self.A))

    def table(self) -> Tensor:
        """The scaled diagonals, (groups + 1, rank): one row a group, then that of the unknown.

        Without groups one row, of width 1 in plain LoRA.
        """
        if self.S is None:
            return self.A.new_full((1, 1), self.scale)
        groups = self.S.shape[0]
        if groups == 1:
            return self.scale * self.S
        others = (self.S.sum(dim=0, keepdim=True) - self.S) / (groups - 1)
        mixed = self.lam * self.S + (1 - self.lam) * others
        return self.scale * torch.cat([mixed, self.S.mean(dim=0, keepdim=True)])

    def forward(self, x: Tensor, rows: Tensor) -> Tensor:
        """Answer (B, tokens, in) or, as a convolution, (B, in, H, W).

        Args:
            x: a batch in which each sample may be of another group.
            rows: (B,) int64 of `table_rows`; not looked at without groups.
        """
        table = self.table()
        diagonal = table if len(table) == 1 else table.index_select(0, rows)  # (B or 1, rank or 1)
        if isinstance(self.base, nn.Linear):
            return cast(Tensor, self.base(x)) + ((x @ self.A) * diagonal.unsqueeze(1)) @ self.B
        down = functional.conv2d(x, self.A.T[:, :, None, None]) * diagonal[:, :, None, None]
        return cast(Tensor, self.base(x)) + functional.conv2d(down, self.B.T[:, :, None, None])

    def merged_weight(self, group: int) -> Tensor:
        """The one weight that does the same for a single group (UNKNOWN: for unknown ones).

        Shaped as the frozen weight.
        """
        table = self.table()
        diagonal = table[0 if len(table) == 1 else group]  # the unknown row is the last, hence -1
        change = (self.A * diagonal) @ self.B
        return self.base.weight + change.T.reshape(self.base.weight.shape)


def adapted(layer: nn.Module, x: Tensor, rows: Tensor) -> Tensor:
    """The layer's answer, whether it is a LowRank or was left as it was."""
    return cast(Tensor, layer(x, rows) if isinstance(layer, LowRank) else layer(x))
