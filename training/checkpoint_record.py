"""Record in a checkpoint of how its model was made and chosen; `method` tells the kinds apart."""

import platform
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from fairness.contract import SelectedOn, Threshold
from fairness.datasets.notes import LABEL_TEXTS


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that a model depends on."""
    libraries = ("torch", "transformers", "numpy", "fair-audit-triton")
    return {"python": platform.python_version(), **{name: version(name) for name in libraries}}


Network: TypeAlias = Literal["samed", "transunet", "transunet-r50"]
"""FairSeg's networks."""
Head: TypeAlias = Literal["linear", "logistic"]
"""linear: batch normalisation and a linear layer, by LARS. logistic: penalised regression."""
Features: TypeAlias = Literal["image", "image-text"]
"""What an encoder's features are of: the image, or the image and its note side by side."""


@dataclass(frozen=True, kw_only=True)
class _Common:
    preset: str
    data: str | None = None
    """Statement of synthetic data about themselves; None for real data."""
    attribute: str = "race"
    """Attribute whose groups the method treats fairly."""
    config: dict[str, object] = field(default_factory=dict)
    """Every setting of the run."""
    selected_on: SelectedOn | None = None
    seed: int = 0
    environment: dict[str, str] = field(default_factory=versions)


@dataclass(frozen=True, kw_only=True)
class FairCLIPRecord(_Common):
    """Record of a CLIP model."""

    method: Literal["fairclip"] = "fairclip"
    threshold: Threshold
    fair_mode: str = "paper"
    """paper, released, normalized or none."""
    score_scale: str = "cosine"
    """What the fair term compares: cosine or logit."""
    attributes: dict[str, float] = field(default_factory=dict)
    """Attributes whose groups the fair term compares, with their weights; `attribute` is the
    first of them."""
    dataset: str
    target: str
    """The 0/1 key that the score predicts."""
    text_source: str = "note"
    prompts: tuple[str, str] = LABEL_TEXTS
    """Of the negative and the positive class."""
    class_names: tuple[str, str] = ("non-glaucoma", "glaucoma")


@dataclass(frozen=True, kw_only=True)
class FairSegRecord(_Common):
    """Record of a segmentation model."""

    method: Literal["fairseg"] = "fairseg"
    model: Network
    fair_mode: str
    """none, safe, reference, upweight_hard, groupdro or adversarial."""
    dataset: str
    target: str
    image_shape: tuple[int, int]
    """(H, W) of the images as stored."""
    crop: int
    """Side of the centre crop, pixels."""
    compat: bool = False
    """Whether images are prepared with the released code's defects."""
    class_names: tuple[str, ...] = ("background", "rim", "cup")


@dataclass(frozen=True, kw_only=True)
class FairLoRARecord(_Common):
    """Record of a federated model."""

    method: Literal["fairlora"] = "fairlora"
    variant: str = "fairlora"
    """fairlora, or the baseline that ran in its place."""
    threshold: Threshold
    dataset: str
    target: str
    groups: tuple[str, ...]
    """Names of the attribute's groups: code i means groups[i]."""
    sites: tuple[str, ...]
    image_shape: tuple[int, ...]
    """(H, W), or (D, H, W) for OCT, of the images that the model takes."""
    class_names: tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class HeadRecord(_Common):
    """Record of a classifier on the features of an encoder."""

    method: Literal["probe", "finetune"] = "probe"
    """probe: the encoder stayed as it was. finetune: it was trained with the head."""
    threshold: Threshold
    dataset: str
    target: str
    """The 0/1 key that the score predicts."""
    head: Head
    features: Features
    backbone: str
    """The encoder in words: architecture and weights, or another checkpoint."""
    note_characters: int = 170
    """Of a note that is an input."""
    class_names: tuple[str, str] = ("non-glaucoma", "glaucoma")


BLIP2_PROMPTS = ("A picture of non-glaucoma", "A picture of glaucoma")
"""What BLIP-2 compares an image with: the negative, then the positive class."""


@dataclass(frozen=True, kw_only=True)
class Blip2Record(_Common):
    """Record of a BLIP-2 model."""

    method: Literal["blip2"] = "blip2"
    threshold: Threshold
    fair_mode: str = "paper"
    """paper, released, normalized or none; the release has none."""
    score_scale: str = "cosine"
    """What the fair term compares: cosine or logit."""
    attributes: dict[str, float] = field(default_factory=dict)
    """Attributes of the fair term, with the weights of their groups' distances."""
    dataset: str
    target: str
    """The 0/1 key that the score predicts."""
    text_source: str = "note"
    prompts: tuple[str, str] = BLIP2_PROMPTS
    """Of the negative and the positive class."""
    class_names: tuple[str, str] = ("non-glaucoma", "glaucoma")


Record: TypeAlias = Annotated[
    FairCLIPRecord | FairSegRecord | FairLoRARecord | HeadRecord | Blip2Record,
    Field(discriminator="method"),
]
