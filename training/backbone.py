"""The encoder that a head is put on: CLIP by name, or that of a finished run."""

from pathlib import Path

import torch

from fairness.errors import UsageError
from training import checkpoint
from training.checkpoint_record import FairCLIPRecord
from training.encoding import Encoding, auto_preset
from training.models import clip
from training.models.classifier import Encoder


def open_encoder(config: Encoding) -> tuple[Encoder, str, str]:
    """The encoder, on a GPU if there is one.

    Returns:
        It; what it is, in words; and the attribute that its training treated fairly, if any.

    Raises:
        UsageError: the weights are not there or of another architecture, or the run has no encoder.
        DataError: a checkpoint is damaged.
    """
    torch.manual_seed(config.seed)
    attribute = ""
    if config.backbone is not None:
        model, said, attribute = _of_run(config.backbone)
    else:
        preset = auto_preset() if config.preset == "auto" else config.preset
        model = clip.build(preset, config.weights)
        said = f"{preset} with {config.weights or 'random'} weights"
    encoder = Encoder(model, config.features, config.fit)
    encoder.to("cuda" if torch.cuda.is_available() else "cpu")
    return encoder.eval(), said, attribute


def _of_run(folder: Path) -> tuple[clip.Clip, str, str]:
    best = folder / "best" if (folder / "best").is_dir() else folder
    stored = checkpoint.load(best)
    record = stored.record
    if not isinstance(record, FairCLIPRecord):
        raise UsageError(
            f"--backbone {folder} holds a model of {record.method}, whose encoder no head fits on; "
            "name a run of training.fairclip"
        )
    said = f"{folder} ({record.method}, {record.fair_mode} mode, {record.preset})"
    return clip.restore(stored), said, record.attribute
