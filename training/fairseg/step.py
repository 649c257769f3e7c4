"""Trained modules of a FairSeg run, and one training step."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.optim import SGD, AdamW, Optimizer

from training.fairseg.config import Config
from training.fairseg.fair_loss import FairObjective
from training.fairseg.initial_weights import start_from
from training.micro_batch import in_parts
from training.models.segmentation_input import SegmentationInput, resize_mask
from training.models.segmenter import Segmenter, build
from training.precision import autocast
from training.processes import Processes, follow


class Trainee(nn.Module):
    """All trained modules: the network, and those of its fair mode."""

    def __init__(self, network: Segmenter, objective: FairObjective) -> None:
        super().__init__()
        self.network, self.objective = network, objective

    @property
    def device(self) -> torch.device:
        """Device of the parameters."""
        return next(self.parameters()).device


def make(config: Config, groups: tuple[str, ...]) -> tuple[Trainee, Optimizer]:
    """Network and objective, on a GPU if there is one, and the optimiser of both.

    Raises:
        UsageError: the weights or the start belong to another network.
        DataError: a file is missing, damaged, or does not fit.
    """
    torch.manual_seed(config.seed)
    size: Literal["tiny", "full"] = "full" if config.preset == "full" else "tiny"
    network = build(config.model, size, config.image_size)
    start_from(network, config.model, config.weights, config.lora, config.start)
    objective = FairObjective(
        config.fair_mode,
        groups,
        network.features,
        dice_share=config.dice_share,
        gamma=config.gamma,
        eta=config.eta,
        strength=config.strength,
    )
    both = Trainee(network, objective)
    both.to("cuda" if torch.cuda.is_available() else "cpu")
    trained = [parameter for parameter in both.parameters() if parameter.requires_grad]
    if config.optimizer == "adamw":
        return both, AdamW(trained, lr=config.lr, weight_decay=config.weight_decay)
    return both, SGD(trained, lr=config.lr, momentum=0.9, weight_decay=config.weight_decay)


def take_step(
    both: Trainee,
    optimizer: Optimizer,
    scaler: GradScaler,
    processes: Processes,
    config: Config,
    images: Tensor,
    masks: Tensor,
    groups: Tensor,
) -> dict[str, float]:
    """One optimiser step; the loss's parts by name.

    Args:
        both: what is trained.
        optimizer: of its parameters.
        scaler: of their gradients.
        processes: those that share the step.
        config: the settings.
        images: this process's crops, (B / processes, C, C) uint8.
        masks: theirs.
        groups: (B,) codes of the whole batch.
    """
    network, device, n = both.network, both.device, len(groups)
    prepare = prepared(config, (config.crop, config.crop), both)

    def encode(crops: Tensor) -> tuple[Tensor, Tensor]:
        with autocast(device, config.precision):
            logits, pooled = network.loss_logits(prepare(crops.to(device)))
        return logits.float(), pooled.float()

    labels = processes.gather(prepare.crop_mask(masks.to(device)), n)
    answers = in_parts(encode, (images,), config.micro_batch, network)
    logits, pooled = (processes.gather(answer, n) for answer in answers)
    if logits.shape[-1] != labels.shape[-1]:  # SAMed takes its loss at a quarter of the size
        labels = resize_mask(labels, logits.shape[-1], compat=config.compat == "fairseg")
    loss, scalars = both.objective(logits, pooled, labels.long(), groups.to(device))
    follow(loss, optimizer, scaler, processes)
    return dict(scalars)


def prepared(config: Config, shape: tuple[int, int], both: Trainee) -> SegmentationInput:
    """The input stage for images of a shape, on the network's device."""
    stage = SegmentationInput(
        *shape, config.crop, both.network.image_size, compat=config.compat == "fairseg"
    )
    return stage.to(both.device)
