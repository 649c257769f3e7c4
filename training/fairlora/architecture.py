"""Which model a method trains."""

from typing import Literal

import torch

from training.fairlora.config import Config
from training.fairlora.data import class_names
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
"""Method to what it trains in the image tower; all train the prompts too."""

MODALITIES: dict[str, Literal["slo", "oct", "chest"]] = {
    "fairfedmed-slo": "slo",
    "fairfedmed-oct": "oct",
    "fairfedmed-chest": "chest",
}


def architecture(
    config: Config, target: str, groups: tuple[str, ...], image_shape: tuple[int, ...]
) -> FairLoRAConfig:
    """The model of a method for data with these groups and images.

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
        modality=MODALITIES[config.dataset],
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
