"""Settings of a FairSeg run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from fairness.datasets.fairseg import FairSeg
from training.checkpoint_record import Network
from training.gpu import has_gpu
from training.scale_settings import ScaleSettings
from training.settings import DATA

FairMode: TypeAlias = Literal[
    "none", "safe", "reference", "upweight_hard", "groupdro", "adversarial"
]

FREE = ("data", "stop_epoch", "cache_mb", "weights", "lora", "start")
"""Settings that may change while a run is continued; the data themselves may not."""

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, kw_only=True)
class Config(ScaleSettings):
    """Settings of a run; training/configs/fairseg.yaml has the originals' for each network."""

    model: Network = "transunet"
    """Network: SAMed, or TransUNet with or without a ResNet before the transformer."""
    preset: Literal["auto", "tiny", "full"] = "auto"
    """Size of the network; auto: full where there is a GPU, else tiny."""
    weights: Path | None = None
    """Pretrained weights: SAM's .pth or .safetensors, or ImageNet's .npz; None: random."""
    start: Path | None = None
    """Run whose best checkpoint to fine-tune, as the originals do with a fair mode."""
    data: Path = DATA / FairSeg.name
    """Folder of the data set."""
    on_error: Literal["stop", "skip"] = "stop"
    """At an unusable file: stop, or leave it out."""
    fair_mode: FairMode = "safe"
    """Plain loss, Fair Error-Bound Scaling (safe, reference, upweight_hard), or a baseline."""
    attribute: str = "race"
    """Attribute whose groups the fair mode compares."""
    gamma: Annotated[float, Field(ge=0)] = 1.0
    """Exponent of the error bounds' ratio."""
    eta: Positive = 0.01
    """Step size of GroupDRO: ours, the paper states none."""
    strength: Positive = 0.1
    """Factor of the adversary's reversed gradient: ours, the paper states none."""
    dice_share: Share = 0.5
    """Share of Dice beside cross-entropy."""
    lora: Path | None = None
    """SAMed's own file of adapters, prompt encoder and decoder, put over --weights."""
    image_size: Annotated[int, Field(ge=16)] | None = None
    """Pixels of a side of the network's input, e.g. 224 for SAMed; None: the network's own."""
    crop: Count = 512
    """Side of the centre crop, pixels."""
    compat: Literal["none", "fairseg"] = "none"
    """fairseg: prepare images with the defects of the released code."""
    epochs: Count = 300
    """Passes over the training split that the learning rate is scheduled for."""
    stop_epoch: Count | None = None
    """Stop after so many of them; None: after all."""
    batch_size: Count = 24
    """Images in a step."""
    optimizer: Literal["sgd", "adamw"] = "sgd"
    """Optimiser: SGD with momentum 0.9, or AdamW."""
    lr: Positive = 0.01
    """Learning rate after the warm-up."""
    weight_decay: Annotated[float, Field(ge=0)] = 1e-4
    """L2 penalty of SGD, decoupled decay of AdamW."""
    warmup: Annotated[int, Field(ge=0)] = 0
    """Steps of linear warm-up."""
    seed: Annotated[int, Field(ge=0)] = 1234
    """Seed of random weights, of the order of samples and of their changes."""
    cache_mb: Annotated[int, Field(ge=0)] = 512
    """Memory for crops; where the split needs more, they are read at each use."""


def auto_preset() -> str:
    """The preset that `auto` means on this machine."""
    return "full" if has_gpu() else "tiny"
