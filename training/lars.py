"""LARS: momentum with a learning rate for each weight matrix, by the size of its values.

You, Gitman and Ginsburg, arXiv 1708.03888, as the linear probes of MoCo v3 and MAE use it: vectors
(biases) take a plain momentum step.
"""

from collections.abc import Iterable

import torch
from torch import nn


class Lars(torch.optim.Optimizer):
    """Large-batch SGD; set `lr` of its one group before each step."""

    def __init__(
        self, parameters: Iterable[nn.Parameter], momentum: float = 0.9, trust: float = 1e-3
    ) -> None:
        """Args: what is trained, all of it in one group; momentum; the trust coefficient."""
        super().__init__(parameters, {"lr": 0.0, "momentum": momentum, "trust": trust})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]  # no closure: one evaluation is one step
        """Move every parameter that has a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                update = parameter.grad
                if parameter.ndim > 1:
                    size, change = parameter.norm(), update.norm()
                    trusted = group["trust"] * size / change
                    usable = (size > 0) & (change > 0)
                    update = update * torch.where(usable, trusted, torch.ones_like(size))
                state = self.state[parameter]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(parameter)
                state["momentum"].mul_(group["momentum"]).add_(update)
                parameter.sub_(group["lr"] * state["momentum"])
