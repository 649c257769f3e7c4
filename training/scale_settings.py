"""Settings of how a step is computed, which leave what it computes alone but for rounding."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

Precision: TypeAlias = Literal["fp32", "bf16", "fp16"]


@dataclass(frozen=True, kw_only=True)
class ScaleSettings:
    """Number format, parts of a batch, processes."""

    precision: Precision = "fp32"
    """Number format of the network's products; weights, optimiser and losses stay in float32."""
    micro_batch: Annotated[int, Field(ge=1)] | None = None
    """Samples that pass the network at once, to save memory; the loss still sees the whole batch,
    and a step costs one more forward pass. None: all at once."""
    processes: Annotated[int, Field(ge=1)] = 1
    """Processes that share each batch, one a GPU or all on the CPU; as many must be launched, by
    python -m torch.distributed.run --nproc-per-node N -m ..."""
    deterministic: bool = False
    """Use only algorithms that give the same bits at every run on the same GPU."""
