"""Validation Dice of a network after each epoch, and the checkpoint of the best epoch."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from fairness.arrays import BoolArray, FloatArray
from fairness.contract import SelectedOn
from fairness.datasets.fairseg import FairSeg
from fairness.evaluate import Answers, ask
from fairness.samples import Batch
from fairness.tasks.masks import MaskTask
from training import checkpoint
from training.checkpoint_record import FairSegRecord
from training.fairseg.constant import CLASSES, constant_dice
from training.learned import say_dice
from training.models.sam_weights import save_lora
from training.models.samed import Samed
from training.models.segmentation_input import SegmentationInput
from training.models.segmenter import Segmenter, architecture
from training.predictor import torch_masks
from training.resume import Progress

Stream: TypeAlias = Callable[[], Iterable[Batch]]
"""Gives the batches of the samples to score."""

BATCH = 8
LORA = "samed_lora.pth"
"""Beside a checkpoint of SAMed: its trained tensors, in the format that its authors' code reads."""
JUDGED = ("rim_dice", "cup_dice")


def keep_best(
    model: Segmenter,
    prepare: SegmentationInput,
    split: FairSeg,
    kept: Stream,
    folder: Path,
    done: Progress,
    record: FairSegRecord,
) -> tuple[Progress, dict[str, float]]:
    """Score an epoch at native size, and save the network if it beats all epochs before.

    Args:
        model: after the epoch.
        prepare: its input stage for images of the split.
        split: the validation split.
        kept: batches of its samples to score.
        folder: of the checkpoint.
        done: progress before the epoch.
        record: of the checkpoint, but for the epoch.

    Returns:
        Progress with this epoch, and the mean Dice of rim and cup. Of equally good epochs, by the
        mean of the two, the first one stays.

    Raises:
        DataError: an image or a mask is broken.
    """
    model.eval()
    read = MaskTask(distances=False).read
    answered = ask(split, torch_masks(model, prepare), read, stream=kept())
    found = {name: float(np.nanmean(answered.values[name])) for name in JUDGED}
    value, epoch = float(np.mean(list(found.values()))), done.epochs + 1
    if value <= done.best:
        return replace(done, epochs=epoch), found
    selected = SelectedOn(
        split=split.split,
        epoch=epoch,
        value=value,
        metric="mean Dice",
        split_sha256=split.fingerprint(),
    )
    chosen = replace(record, selected_on=selected)
    checkpoint.save(folder, model.state_dict(), architecture(model), chosen)
    if isinstance(model, Samed):
        save_lora(model, folder / LORA)
    return Progress(epochs=epoch, best_epoch=epoch, best=value), found


def conclude(
    model: Segmenter,
    prepare: SegmentationInput,
    split: FairSeg,
    kept: Stream,
    folder: Path,
    done: Progress,
    constant: BoolArray,
) -> None:
    """Put the best checkpoint back into the network, and hold it against a constant mask.

    Args:
        model: any state of it.
        prepare: its input stage for images of the split.
        split: the validation split.
        kept: batches of its samples to score.
        folder: of the checkpoint.
        done: progress at the end.
        constant: (2, H, W) where the constant mask has rim and cup.

    Raises:
        DataError: the checkpoint in the folder is missing or damaged.
    """
    checkpoint.load(folder).fill(model)
    task = MaskTask(distances=False)

    def read(batch: Batch, answers: Answers) -> Mapping[str, FloatArray]:
        scores = task.read(batch, answers)
        drawn = constant_dice(constant, batch.targets)
        return {name: scores[name] for name in JUDGED} | drawn

    answered = ask(split, torch_masks(model, prepare), read, stream=kept())
    people = np.array(answered.cases.patients)
    for name, score in zip(CLASSES, JUDGED, strict=True):
        say_dice(name, answered.values[score], answered.values[name], people, done.epochs)
