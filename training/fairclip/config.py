"""Settings of a FairCLIP run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.reader import TextSource
from training.gpu import has_gpu
from training.losses.fair_settings import Count, FairSettings, Positive
from training.scale_settings import ScaleSettings
from training.settings import DATA

FREE = ("data", "epochs", "cache_mb", "weights")
"""Settings that may change while a run is continued; the data themselves may not."""


@dataclass(frozen=True, kw_only=True)
class Config(ScaleSettings, FairSettings):
    """Settings of a run; the defaults are the paper's for ViT-B/16."""

    preset: Literal["auto", "tiny", "vit-b16", "vit-l14"] = "auto"
    """Architecture; auto: vit-b16 where there is a GPU, else tiny."""
    weights: str | None = None
    """File, folder or hub name of pretrained weights; None: random."""
    train_all: bool = False
    """Train what the authors leave frozen, too: token and position embeddings, the last LayerNorm
    and the projection of the text tower, and the logit scale."""
    data: Path = DATA / FairVLMed.name
    """Folder of the data set."""
    target: str = FairVLMed.default_target
    """0/1 key to predict."""
    text_source: TextSource = "note"
    """Text of an image: its note, summarised where there is a summary; the original note; or the
    prompt of its class."""
    on_error: Literal["stop", "skip"] = "stop"
    """At an unusable file: stop, or leave it out."""
    epochs: Annotated[int, Field(ge=0)] = 10
    """Passes over the training split; 0 keeps the weights as they are, and chooses a threshold."""
    batch_size: Count = 32
    """Pairs in a step."""
    lr: Positive = 1e-5
    """Adam's learning rate; constant."""
    betas: tuple[float, float] = (0.1, 0.1)
    """Adam's decay rates."""
    eps: Positive = 1e-6
    """Adam's epsilon."""
    weight_decay: Annotated[float, Field(ge=0)] = 6e-5
    """Adam's coupled L2 penalty."""
    select_on: Literal["val", "test", "last"] = "val"
    """What chooses the epoch: the AUC of val or of test, or nothing: the last is kept."""
    seed: Annotated[int, Field(ge=0)] = 7916
    """Seed of random weights and of the order of samples."""
    cache_mb: Annotated[int, Field(ge=0)] = 512
    """Memory for preprocessed images; where the split needs more, they are read at each use."""


def auto_preset() -> Literal["tiny", "vit-b16"]:
    """The preset that `auto` means on this machine."""
    return "vit-b16" if has_gpu() else "tiny"
