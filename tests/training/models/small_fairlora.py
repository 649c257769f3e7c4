"""Tiny FairLoRA models for tests, as fresh ones or with every trained tensor moved."""

import torch
from torch import Tensor

from training.models.fairlora import FairLoRA, FairLoRAConfig, build

SHAPES = {"slo": (50, 40), "chest": (40, 50), "oct": (64, 24, 28)}


def tiny(**settings: object) -> FairLoRA:
    """The same frozen weights, prompts and projection for every adapter."""
    modality = str(settings.get("modality", "slo"))
    defaults: dict[str, object] = {"rank": 4, "n_groups": 3, "input_shape": SHAPES[modality]}
    torch.manual_seed(0)
    return build(FairLoRAConfig(**(defaults | settings)))  # type: ignore[arg-type]  # by keyword


def moved(model: FairLoRA) -> FairLoRA:
    """As after training: A is no longer zero, so groups matter."""
    torch.manual_seed(1)
    state = model.trainable_state()
    for name, tensor in state.items():
        tensor += (0.5 if name.endswith(".A") else 0.05) * torch.rand_like(tensor)
    model.load_trainable(state)
    return model


def images(model: FairLoRA, count: int) -> Tensor:
    shape = (count, *model.config.input_shape)
    return torch.randint(0, 256, shape, dtype=torch.uint8)
