"""A batch through a network a part at a time, for losses that need the whole batch at once.

Sums of the losses of parts would be another loss: the contrastive loss, the Sinkhorn divergence,
pooled Dice and the groups' means all look at a batch as one. So only the network sees parts: its
answers are kept, its activations are not, and each part runs once more in the backward pass (Gao
et al., GradCache, 2021; torch calls it checkpointing). Loss and gradients are those of the whole
batch; a step costs one more forward pass.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint


def in_parts(
    encode: Callable[..., tuple[Tensor, Tensor]],
    inputs: tuple[Tensor, ...],
    size: int | None,
    network: nn.Module,
) -> tuple[Tensor, Tensor]:
    """The answers for a batch, at most `size` samples at a time.

    Batch norms, where the network has them, see a part as their batch.

    Args:
        encode: parts of the inputs to two tensors with a row a sample; its random numbers, such as
            dropout's, are drawn alike both times.
        inputs: tensors with a row a sample.
        size: None for all samples at once.
        network: what `encode` runs.
    """
    n = len(inputs[0])
    if size is None or size >= n:
        return encode(*inputs)

    def contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), _kept_statistics(network)

    parts = [
        checkpoint(
            encode,
            *(tensor[start : start + size] for tensor in inputs),
            use_reentrant=False,
            context_fn=contexts,
        )
        for start in range(0, n, size)
    ]
    first, second = zip(*parts, strict=True)
    return torch.cat(first), torch.cat(second)


@contextmanager
def _kept_statistics(network: nn.Module) -> Iterator[None]:
    """Keep a second pass over the same part from entering batch norms' running means again."""
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
