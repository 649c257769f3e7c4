"""The encoder that a head is put on: CLIP by name, or that of a finished run."""

from pathlib import Path

import torch

from fairness.errors import UsageError
from training import checkpoint
from training.checkpoint_record import Blip2Record, FairCLIPRecord
from training.encoding import Encoding, auto_preset
from training.models import blip2, clip
from training.models.encoder import Blip2Encoder, ClipEncoder, Encoder


def open_encoder(config: Encoding) -> tuple[Encoder, str, str]:
    """The encoder, on a GPU if there is one.

    Returns:
        It; what it is, in words; and the attribute that its training treated fairly, if any.

    Raises:
        UsageError: the weights are not there or of another architecture, or the run has no encoder
            of what is to be encoded.
        DataError: a checkpoint is damaged.
    """
    torch.manual_seed(config.seed)
    attribute = ""
    if config.backbone is not None:
        encoder, said, attribute = _of_run(config, config.backbone)
    else:
        preset = auto_preset() if config.preset == "auto" else config.preset
        model = clip.build(preset, config.weights)
        encoder = ClipEncoder(model, config.features, config.fit)
        said = f"{preset} with {config.weights or 'random'} weights"
    encoder.to("cuda" if torch.cuda.is_available() else "cpu")
    return encoder.eval(), said, attribute


def _of_run(config: Encoding, folder: Path) -> tuple[Encoder, str, str]:
    best = folder / "best" if (folder / "best").is_dir() else folder
    stored = checkpoint.load(best)
    record = stored.record
    encoder: Encoder
    if isinstance(record, FairCLIPRecord):
        encoder = ClipEncoder(clip.restore(stored), config.features, config.fit)
    elif isinstance(record, Blip2Record):
        if config.features != "image":
            raise UsageError(
                f"--features {config.features}: of BLIP-2's run {folder} only those of the image "
                "are taken; leave it out"
            )
        encoder = Blip2Encoder(blip2.restore(stored), config.fit)
    else:
        raise UsageError(
            f"--backbone {folder} holds a model of {record.method}, whose encoder no head fits on; "
            "name a run of training.fairclip or training.blip2"
        )
    said = f"{folder} ({record.method}, {record.fair_mode} mode, {record.preset})"
    return encoder, said, record.attribute
