"""Loss of a step in each fair mode, from similarities alone: any two-tower model can use it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from fairness.arrays import IntArray
from fairness.errors import DataError
from training.batching import batch_at
from training.losses.fair_settings import FairSettings
from training.losses.fairclip import fair_distances, pair_values


@dataclass(frozen=True)
class Group:
    """A group of the training split."""

    name: str
    """ATTRIBUTE/GROUP, as in the log."""
    members: IntArray
    """(n,) numbers of its usable samples, n >= 1."""
    weight: float
    """Of its distance in the fair term."""


class FairObjective(nn.Module):
    """Draws the groups' batches of a step, and makes the loss from similarity matrices.

    The queue is a buffer, so that a resumed run finds it again.
    """

    values: Tensor
    samples: Tensor

    def __init__(self, settings: FairSettings, groups: tuple[Group, ...], seed: int) -> None:
        """Prepare a mode; without groups, and in mode `none`, the loss is the model's own."""
        super().__init__()
        self.settings, self.seed = settings, seed
        self.groups = () if settings.fair_mode == "none" else groups
        self.queues = settings.group_source == "queue"
        shape = len(self.groups) if self.queues else 0, settings.group_batch_size
        self.register_buffer("values", torch.zeros(shape))
        self.register_buffer("samples", torch.full(shape, -1))

    def due(self, step: int) -> bool:
        """Whether a step has the fair term."""
        return bool(self.groups) and step % self.settings.fair_every == 0

    def draws(self, step: int) -> dict[str, IntArray]:
        """Sample numbers of each group's batch, whose similarities the step needs; mostly none.

        Each group has an endless shuffled loader of its own.
        """
        if self.queues or not self.due(step):
            return {}
        size, turn = self.settings.group_batch_size, step // self.settings.fair_every
        return {
            group.name: batch_at(group.members, size, turn, (self.seed, 1, number))
            for number, group in enumerate(self.groups)
        }

    def loss(
        self,
        step: int,
        index: IntArray,
        losses: Mapping[str, Tensor],
        cosines: Tensor,
        logit_scale: Tensor,
        by_group: Mapping[str, Tensor],
    ) -> tuple[Tensor, dict[str, float]]:
        """The loss of a step, and its parts by name for the log.

        Args:
            step: from 0 on.
            index: (N,) sample numbers of the batch.
            losses: the model's own losses by name, scalars; they are added up.
            cosines: (N, N) similarities; row i is image i against all texts, and text i its own.
            logit_scale: scalar that makes logits of cosines.
            by_group: the same matrix (M, M) for the batch of each group that `draws` names.

        Raises:
            DataError: a part is not finite.
        """
        chosen = self.settings
        total = torch.stack(list(losses.values())).sum()
        scalars = {f"loss/{name}": value.item() for name, value in losses.items()}
        scalars["similarity/batch"] = cosines.diagonal().mean().item()
        if self.due(step):
            scale, mode = chosen.score_scale, chosen.fair_mode
            compared = {
                group: pair_values(matrix, logit_scale, mode, scale)
                for group, matrix in by_group.items()
            }
            means = {group: matrix.diagonal().mean() for group, matrix in by_group.items()}
            if self.queues:
                queue = self._queue()
                means = {group: values.mean() for group, values in queue.items()}
                factor = logit_scale.detach() if scale == "logit" else 1.0
                compared = {group: factor * values for group, values in queue.items()}
            batch = pair_values(cosines, logit_scale, mode, scale)
            distances = fair_distances(batch, compared, mode, chosen.blur, chosen.scaling)
            weights = {group.name: group.weight for group in self.groups}
            term = sum((weights[name] * s for name, s in distances.items()), total.new_zeros(()))
            total = total + chosen.fair_lambda * chosen.fair_every * term
            scalars["loss/fair"] = term.item()
            scalars |= {f"similarity/{group}": value.item() for group, value in means.items()}
            scalars |= {f"sinkhorn/{group}": value.item() for group, value in distances.items()}
        scalars["loss/total"] = total.item()
        for name, value in scalars.items():
            if not math.isfinite(value):
                raise DataError(
                    f"training diverged: {name} is {value}; lower --lr or --fair-lambda"
                )
        if self.queues:
            self._push(index, cosines.detach().diagonal())
        return total, scalars

    def queued(self) -> dict[str, IntArray]:
        """Sample numbers of each group's queue, for the groups whose queue is full."""
        return {
            group.name: row[row >= 0].cpu().numpy()
            for group, row in zip(self.groups, self.samples, strict=False)
            if (row >= 0).sum() == min(len(row), len(group.members))
        }

    def drift(self, now: Mapping[str, Tensor]) -> dict[str, float]:
        """Mean of what is queued minus its value by today's model, in units of today's spread.

        Args:
            now: similarities (M,) of the samples that `queued` names.
        """
        found = {}
        for group, old in self._queue().items():
            spread = float(now[group].std(correction=0))
            if spread > 0:
                found[f"drift/{group}"] = float((old - now[group]).mean()) / spread
        return found

    def _queue(self) -> dict[str, Tensor]:
        """Similarities (M,) of the groups whose queue is full; others have no term yet."""
        rows = {group.name: i for i, group in enumerate(self.groups)}
        return {
            name: self.values[rows[name]][self.samples[rows[name]] >= 0] for name in self.queued()
        }

    def _push(self, index: IntArray, cosines: Tensor) -> None:
        """Put the pairs of a batch before the older ones of their groups."""
        for row, group in enumerate(self.groups):
            inside = torch.from_numpy(np.isin(index, group.members)).to(cosines.device)
            new = torch.from_numpy(index).to(cosines.device)[inside]
            keep = ~torch.isin(self.samples[row], new)  # a sample is queued once, at its newest
            size = self.values.shape[1]
            numbers = torch.cat([new, self.samples[row][keep]])[:size]
            values = torch.cat([cosines[inside].to(self.values.dtype), self.values[row][keep]])
            self.samples[row, : len(numbers)] = numbers
            self.samples[row, len(numbers) :] = -1
            self.values[row, : len(numbers)] = values[:size]
