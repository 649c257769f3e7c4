"""Settings of what is encoded, and by which network: of probes and of fine-tuning."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from fairness.datasets.fairvlmed import FairVLMed
from training.gpu import has_gpu
from training.settings import DATA

Count = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """What is encoded, and by which network."""

    preset: Literal["auto", "tiny", "vit-b16", "vit-l14"] = "auto"
    """Architecture of CLIP; auto: vit-b16 where there is a GPU, else tiny."""
    weights: str | None = None
    """File, folder or hub name of pretrained weights; None: random."""
    backbone: Path | None = None
    """Folder of a run of FairCLIP or BLIP-2, whose encoder is taken instead of the two above."""
    data: Path = DATA / FairVLMed.name
    """Folder of the data set."""
    target: str = FairVLMed.default_target
    """0/1 key to predict."""
    on_error: Literal["stop", "skip"] = "stop"
    """At an unusable file: stop, or leave it out."""
    features: Literal["image", "image-text"] = "image"
    """Features of the image, or of image and note side by side; then the note is an input."""
    note_characters: Count = 170
    """That are kept of a note."""
    fit: Literal["squash", "crop"] = "squash"
    """How an image is brought to the encoder's size: both sides resized, or the middle cut out."""
    select_on: Literal["val", "test", "last"] = "val"
    """What chooses the epoch: the AUC of val or of test, or nothing: the last is kept."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of random weights and of the order of samples."""


def auto_preset() -> Literal["tiny", "vit-b16"]:
    """The preset that `auto` means on this machine."""
    return "vit-b16" if has_gpu() else "tiny"
