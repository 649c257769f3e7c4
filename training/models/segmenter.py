"""FairSeg's networks by name: built for training, rebuilt from a checkpoint for export."""

from dataclasses import asdict, replace
from typing import Literal, TypeAlias

from training.checkpoint import Stored
from training.checkpoint_record import Network
from training.models.samed import TINY as TINY_SAMED
from training.models.samed import VIT_B, Samed, SamedConfig
from training.models.transunet import TransUNet
from training.models.transunet_config import (
    R50_VIT_B16,
    TINY_R50,
    TINY_VIT,
    VIT_B16,
    TransUNetConfig,
)

Segmenter: TypeAlias = Samed | TransUNet

CONFIGS: dict[tuple[str, str], SamedConfig | TransUNetConfig] = {
    ("samed", "tiny"): TINY_SAMED,
    ("samed", "full"): VIT_B,
    ("transunet", "tiny"): TINY_VIT,
    ("transunet", "full"): VIT_B16,
    ("transunet-r50", "tiny"): TINY_R50,
    ("transunet-r50", "full"): R50_VIT_B16,
}


def build(
    network: Network, preset: Literal["tiny", "full"], image_size: int | None = None
) -> Segmenter:
    """A network with random weights from torch's global generator.

    Args:
        network: which one.
        preset: its size.
        image_size: pixels of a side of its input; None: its own.

    Raises:
        UsageError: patches do not fill such an image.
    """
    config = CONFIGS[network, preset]
    if image_size is not None:
        config = replace(config, image_size=image_size)
    return Samed(config) if isinstance(config, SamedConfig) else TransUNet(config)


def architecture(model: Segmenter) -> dict[str, object]:
    """Fields of a checkpoint from which `restore` builds the network."""
    return asdict(model.config)


def restore(stored: Stored, network: Network, *, for_export: bool = False) -> Segmenter:
    """The network of a checkpoint, on the CPU, in evaluation mode.

    Args:
        stored: the checkpoint.
        network: which one it holds, by its record.
        for_export: merge adapters and standardise kernels once and for all.

    Raises:
        DataError: the architecture is another network's, or the tensors do not fit it.
    """
    if network == "samed":
        with stored.building("SAMed"):
            samed = Samed(stored.configuration(SamedConfig, "SAMed"))
        stored.fill(samed)
        return samed.merged() if for_export else samed
    with stored.building("TransUNet"):
        transunet = TransUNet(stored.configuration(TransUNetConfig, "TransUNet"))
    stored.fill(transunet)
    return transunet.bake() if for_export else transunet
