"""One step of each method's tiny model on the CPU and on the GPU: loss and gradient."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks import gpu_fairclip, gpu_fairlora, gpu_fairseg
from benchmarks.gpu_timing import guarded_row
from training.checkpoint_record import Network
from training.fairclip.encoder import Encoder
from training.fairclip.objective import step_loss
from training.fairclip.train import build
from training.fairlora.step import classification_loss
from training.fairseg.step import make, take_step
from training.precision import autocast, gradient_scaler
from training.processes import Processes
from training.scale_settings import Precision

Step: TypeAlias = Callable[[torch.device, Precision], tuple[float, Tensor]]
"""Device and precision to the loss and all gradients as one vector, on the CPU."""
HEAD = ["tiny model", "loss, CPU", "loss, GPU", "gradient, fp32", "gradient, bf16"]
CPU = torch.device("cpu")


def parity_rows(gpu: torch.device) -> Iterator[list[str]]:
    """A row for each method: losses, and the relative distance of gradients from the CPU's."""
    steps: list[tuple[str, Step]] = [("FairCLIP", fairclip_step)]
    steps += [(f"FairSeg, {network}", fairseg_step(network)) for network in gpu_fairseg.NETWORKS]
    steps += [("FairLoRA", fairlora_step)]
    torch.backends.cudnn.allow_tf32 = False
    for name, step in steps:

        def work(step: Step = step) -> list[str]:
            (here, wanted), (there, full) = step(CPU, "fp32"), step(gpu, "fp32")
            _, short = step(gpu, "bf16")
            away = [f"{float((g - wanted).norm() / wanted.norm()):.1e}" for g in (full, short)]
            return [f"{here:.6f}", f"{there:.6f}", *away]

        yield guarded_row([name], len(HEAD), work)
    torch.backends.cudnn.allow_tf32 = True


def fairclip_step(device: torch.device, precision: Precision) -> tuple[float, Tensor]:
    """Of a batch of 24 pairs, with the fair term."""
    config = gpu_fairclip.config_of("tiny")
    model = build(config)[0].to(device)
    encoder = Encoder(model, gpu_fairclip.DrawnPairs(model.image_size), precision)
    objective = gpu_fairclip.objective_of(config, device)
    loss, _ = step_loss(encoder, objective, 0, np.arange(24))
    torch.autograd.backward(loss)
    return loss.item(), gradient_of(model)


def fairseg_step(network: Network) -> Step:
    """Of 6 crops, without dropout and with fixed batch norms."""

    def step(device: torch.device, precision: Precision) -> tuple[float, Tensor]:
        config = gpu_fairseg.config_of(network, "tiny")
        config = replace(config, precision=precision, crop=128, batch_size=6)
        both, optimizer = make(config, gpu_fairseg.GROUPS)
        both.to(device).eval()
        draw = torch.Generator().manual_seed(0)
        images = torch.randint(256, (6, 128, 128), generator=draw, dtype=torch.uint8)
        masks = torch.randint(3, (6, 128, 128), generator=draw, dtype=torch.uint8)
        groups = torch.arange(6) % len(gpu_fairseg.GROUPS)
        scaler = gradient_scaler(device, precision)
        scalars = take_step(both, optimizer, scaler, Processes(), config, images, masks, groups)
        return scalars["loss/total"], gradient_of(both)

    return step


def fairlora_step(device: torch.device, precision: Precision) -> tuple[float, Tensor]:
    """Of 12 images, each under its group."""
    model, site = gpu_fairlora.drawn(gpu_fairlora.config_of("tiny"), (120, 100), 12)
    model.to(device)
    images, labels, groups = (part.to(device) for part in site.fetch(site.members))
    with autocast(device, precision):
        logits = model(images, groups)
    loss = classification_loss(logits.float(), labels, groups, len(gpu_fairlora.GROUPS))
    torch.autograd.backward(loss)
    return loss.item(), gradient_of(model)


def gradient_of(model: nn.Module) -> Tensor:
    """All gradients as one vector on the CPU."""
    found = [p.grad.flatten().cpu().double() for p in model.parameters() if p.grad is not None]
    return torch.cat(found)
