"""Settings of a BLIP-2 run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.reader import TextSource
from training.gpu import has_gpu
from training.losses.fair_settings import Count, FairSettings, Positive
from training.settings import DATA

FREE = ("data", "cache_mb", "weights", "vision", "bert", "tokenizer")
"""Settings that may change while a run is continued. The number of epochs may not, unlike
elsewhere: the learning rate falls along them."""

NotNegative = Annotated[float, Field(ge=0)]


@dataclass(frozen=True, kw_only=True)
class Config(FairSettings):
    """Settings of a run; the defaults are the release's for ViT-L/14."""

    preset: Literal["auto", "tiny", "vit-l14"] = "auto"
    """Architecture; auto: vit-l14 where there is a GPU, else tiny."""
    weights: Path | None = None
    """File of a BLIP-2 that LAVIS wrote; None: start from --vision and --bert."""
    vision: str | None = None
    """Folder or hub name of a CLIP whose image tower is taken; None: random, or the one in
    --weights."""
    vision_blocks: Count = 23
    """Blocks of the tower that are used: 23 in the release, 21 in LAVIS; of a file that holds a
    tower, its own number."""
    vision_act: Literal["quick_gelu", "gelu"] = "quick_gelu"
    """Activation of the tower: OpenAI's is QuickGELU, PMC-CLIP's the exact one."""
    bert: Path | None = None
    """Folder of bert-base-uncased, from which the Q-Former starts; None: random."""
    tokenizer: Path | None = None
    """Folder with bert-base-uncased's vocab.txt; None: that of --bert. The preset tiny can do
    without: it makes a vocabulary of the notes."""
    data: Path = DATA / FairVLMed.name
    """Folder of the data set."""
    target: str = FairVLMed.default_target
    """0/1 key to predict."""
    text_source: TextSource = "note"
    """Text of an image: its note, summarised where there is a summary; the original note; or the
    prompt of its class."""
    on_error: Literal["stop", "skip"] = "stop"
    """At an unusable file: stop, or leave it out."""
    epochs: Count = 50
    """Passes over the training split."""
    batch_size: Count = 32
    """Pairs in a step."""
    lr: Positive = 1e-4
    """AdamW's learning rate at the start; it falls by a cosine, epoch by epoch."""
    min_lr: NotNegative = 1e-5
    """Where the cosine ends."""
    warmup_steps: Annotated[int, Field(ge=0)] = 5000
    """Steps in which the rate would rise from warmup_lr to lr; as released, epoch 1 alone knows of
    them, so that the rate jumps at epoch 2 where an epoch is shorter."""
    warmup_lr: NotNegative = 1e-6
    """Where the warm-up starts."""
    beta2: Annotated[float, Field(gt=0, lt=1)] = 0.999
    """AdamW's second decay rate: 0.999 in the release, 0.98 in the paper of BLIP-2."""
    weight_decay: NotNegative = 0.05
    """AdamW's decay, of matrices only."""
    select_on: Literal["val", "test", "last"] = "val"
    """What chooses the epoch: the AUC of val or of test, or nothing: the last is kept."""
    seed: Annotated[int, Field(ge=0)] = 42
    """Seed of random weights, order, crops, dropout and negatives."""
    cache_mb: Annotated[int, Field(ge=0)] = 512
    """Memory for decoded images; those beyond it are read at each use."""


def auto_preset() -> Literal["tiny", "vit-l14"]:
    """The preset that `auto` means on this machine."""
    return "vit-l14" if has_gpu() else "tiny"
