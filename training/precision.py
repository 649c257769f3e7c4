"""Number formats of a network's passes, and whether the same run gives the same bits.

Weights, optimiser and losses stay in float32; autocast runs the network's products in fewer bits.
"""

import os

import torch
from torch.amp.grad_scaler import GradScaler

from training.scale_settings import Precision

TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


def autocast(device: torch.device, precision: Precision) -> torch.autocast:
    """A context in which a network runs in a precision; nothing changes for `fp32`."""
    kind = TYPES.get(precision, torch.bfloat16)
    return torch.autocast(device.type, dtype=kind, enabled=precision != "fp32")


def gradient_scaler(device: torch.device, precision: Precision) -> GradScaler:
    """Keeps small gradients above float16's smallest number; does nothing for other precisions.

    It leaves out a step whose gradients overflow, and halves its factor.
    """
    return GradScaler(device.type, enabled=precision == "fp16")


def make_deterministic(on: bool) -> None:
    """Let torch use only algorithms that give the same bits at every run; they may be slower.

    On a CPU they are used anyway. On a GPU it has to be called before the first product.
    """
    if on:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(on)
