"""Low-rank adaptation (Hu et al., ICLR 2022) of the fused query-key-value projection, as in SAMed.

SAMed (Zhang and Liu, 2023) adds B A x to the queries and to the values of every attention, with
neither bias nor scale nor dropout. B starts at zero, so a new adapter changes nothing.
"""

import math

import torch
from torch import Tensor, nn


class LoraQkv(nn.Module):
    """A frozen projection (..., D) to (..., 3 D) of which queries and values are adapted."""

    def __init__(self, base: nn.Linear, rank: int) -> None:
        """Wrap `base`, whose outputs are queries, keys and values, in this order."""
        super().__init__()
        width = base.in_features
        self.base = base.requires_grad_(False)
        self.a_q = nn.Linear(width, rank, bias=False)
        self.b_q = nn.Linear(rank, width, bias=False)
        self.a_v = nn.Linear(width, rank, bias=False)
        self.b_v = nn.Linear(rank, width, bias=False)
        for down, up in ((self.a_q, self.b_q), (self.a_v, self.b_v)):
            nn.init.kaiming_uniform_(down.weight, a=math.sqrt(5))
            nn.init.zeros_(up.weight)

    def forward(self, inputs: Tensor) -> Tensor:
        """Queries, keys and values (..., 3 D) of tokens (..., D)."""
        query, value = self.b_q(self.a_q(inputs)), self.b_v(self.a_v(inputs))
        # Assigning into slices, as the original does, would become scatters in an ONNX graph.
        update = torch.cat([query, torch.zeros_like(query), value], dim=-1)
        projected: Tensor = self.base(inputs)
        return projected + update

    @torch.no_grad()
    def merged(self) -> nn.Linear:
        """One plain projection that answers the same: W_q + B_q A_q, W_k, W_v + B_v A_v."""
        query = self.b_q.weight @ self.a_q.weight  # (D, D)
        value = self.b_v.weight @ self.a_v.weight
        linear = nn.Linear(self.base.in_features, self.base.out_features).to(query)
        update = torch.cat([query, torch.zeros_like(query), value])  # (3 D, D)
        linear.weight.copy_(self.base.weight + update)
        linear.bias.copy_(self.base.bias)
        return linear.requires_grad_(False)
