"""Architecture and starting weights of the model that each method trains."""

from collections.abc import Mapping

import torch

from training.fairlora.config import Config
from training.models.fairlora import Adapter, FairLoRA, FairLoRAConfig, build

ADAPTERS: dict[str, Adapter] = {
    "fairlora": "fairlora",
    "local": "fairlora",
    "centralised": "fairlora",
    "svlora": "svlora",
    "lora": "lora",
    "promptfl": "none",
    "fedotp": "none",
    "fedavg": "full",
    "fedprox": "full",
}
"""Adapter of the image tower by method; all methods train the prompts too."""

CLASS_NAMES: Mapping[str, str] = {"glaucoma": "Glaucoma", "disease_label": "Pleural Effusion"}
"""Name of a positive case in the prompts, by target of the published data sets."""


def architecture(
    config: Config, target: str, groups: tuple[str, ...], image_shape: tuple[int, ...]
) -> FairLoRAConfig:
    """Architecture of a method's model for data with these groups and images.

    Args:
        config: with a preset in place of `auto`.
        target: 0/1 key that is predicted.
        groups: of the attribute.
        image_shape: (H, W) or (D, H, W).

    Raises:
        UsageError: rank, groups and images do not fit each other.
    """
    return FairLoRAConfig(
        backbone=config.preset if config.preset != "auto" else "tiny",
        adapter=ADAPTERS[config.method],
        n_groups=len(groups),
        rank=config.rank,
        alpha=config.alpha,
        lam=config.lam,
        head="ot" if config.method == "fedotp" else "mean",
        n_prompts=1 if config.method == "promptfl" else 2,
        class_names=class_names(target),
        modality=config.modality,
        input_shape=image_shape,
    )


def start_model(config: Config, shape: FairLoRAConfig) -> FairLoRA:
    """The model before the first round: the same bits at the server and at every site.

    Raises:
        UsageError: the weights are not there, or belong to another architecture.
    """
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    return build(shape, config.weights).to("cuda" if torch.cuda.is_available() else "cpu")


def class_names(target: str) -> tuple[str, str]:
    """Names of the negative and the positive class of a 0/1 key in the prompts."""
    positive = CLASS_NAMES.get(target, target.replace("_", " "))
    return f"NOT {positive}", positive
