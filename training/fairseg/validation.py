"""Validation Dice of a network after each epoch, and the checkpoint of the best epoch."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from fairness.arrays import IntArray
from fairness.datasets.fairseg import FairSeg
from fairness.errors import DataError
from fairness.evaluate import ask
from fairness.tasks.masks import MaskTask
from training import checkpoint
from training.checkpoint_record import FairSegRecord, SelectedOn
from training.models.sam_weights import save_lora
from training.models.samed import Samed
from training.models.segmentation_input import SegmentationInput
from training.models.segmenter import Segmenter, architecture
from training.predictor import torch_masks
from training.resume import Progress

BATCH = 8
LORA = "samed_lora.pth"
"""Beside a checkpoint of SAMed: its trained tensors, in the format that its authors' code reads."""
JUDGED = ("rim_dice", "cup_dice")


def keep_best(
    model: Segmenter,
    prepare: SegmentationInput,
    split: FairSeg,
    usable: IntArray,
    folder: Path,
    done: Progress,
    record: FairSegRecord,
) -> tuple[Progress, dict[str, float]]:
    """Score an epoch at native size, and save the network if it beats all epochs before.

    Args:
        model: after the epoch.
        prepare: its input stage for images of the split.
        split: the validation split.
        usable: the numbers of its samples to score.
        folder: of the checkpoint.
        done: progress before the epoch.
        record: of the checkpoint, but for the epoch.

    Returns:
        Progress with this epoch, and the mean Dice of rim and cup. Of equally good epochs, by the
        mean of the two, the first one stays.

    Raises:
        DataError: the split holds no case with a rim or a cup.
    """
    model.eval()
    read = MaskTask(distances=False).read
    answered = ask(split, torch_masks(model, prepare), read, rows=usable, batch_size=BATCH)
    found = {name: float(np.nanmean(answered.values[name])) for name in JUDGED}
    value, epoch = float(np.mean(list(found.values()))), done.epochs + 1
    if not np.isfinite(value):
        raise DataError(f"{split.root}: no validation mask has a rim and a cup")
    if value <= done.best:
        return replace(done, epochs=epoch), found
    selected = SelectedOn(split=split.split, epoch=epoch, value=value, metric="mean Dice")
    chosen = replace(record, selected_on=selected)
    checkpoint.save(folder, model.state_dict(), architecture(model), chosen)
    if isinstance(model, Samed):
        save_lora(model, folder / LORA)
    return Progress(epochs=epoch, best_epoch=epoch, best=value), found
