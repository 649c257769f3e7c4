"""AUC of a model after each epoch, and the checkpoint of the epoch that is kept."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import torch

from fairness.contract import SelectedOn, Threshold
from fairness.datasets.notes import LABEL_TEXTS
from fairness.datasets.reader import Split
from fairness.evaluate import BATCH, evaluate
from fairness.outcomes import Outcomes
from training import checkpoint
from training.checkpoint_record import FairCLIPRecord
from training.kept import Kept
from training.learned import require_both_classes
from training.models.clip import Clip
from training.models.prompts import tokenize
from training.predictor import torch_predict
from training.resume import Progress
from training.selection import Selection

MakeRecord: TypeAlias = Callable[[Threshold, SelectedOn], FairCLIPRecord]
"""Completes the record of a checkpoint."""


def keep_best(
    model: Clip,
    selection: Selection,
    kept: Kept,
    folder: Path,
    done: Progress,
    make_record: MakeRecord,
) -> tuple[Progress, float]:
    """Score an epoch, and save the model if it is the one to keep so far.

    Args:
        model: after the epoch.
        selection: how the epoch is chosen.
        kept: batches of its splits.
        folder: of the checkpoint.
        done: progress before the epoch.
        make_record: called for an epoch that is kept.

    Returns:
        Progress with this epoch, and its AUC on the split that chooses.

    Raises:
        DataError: a split holds one class only, or a score is not finite.
    """
    judged = selection.judge(lambda split: scored(model, split, kept), done)
    if judged.kept is not None:
        record = make_record(*judged.kept)
        checkpoint.save(folder, model.state_dict(), model.towers.config.to_dict(), record)
    return judged.progress, judged.value


def conclude(model: Clip, selection: Selection, kept: Kept, folder: Path, done: Progress) -> None:
    """Put the kept checkpoint back into the model, and log whether its scores tell anything.

    Raises:
        DataError: the checkpoint in the folder is missing or damaged.
    """
    checkpoint.load(folder).fill(model)
    selection.conclude(lambda split: scored(model, split, kept), done)


def scored(model: Clip, split: Split, kept: Kept) -> Outcomes:
    """Every sample of the split with its score; its batches are kept for the next time.

    Raises:
        DataError: the samples are of one class only, or a score is not finite.
    """
    with torch.no_grad():
        prompts = model.encode_text(tokenize(LABEL_TEXTS).to(model.device))
    stream = kept.batches(split, BATCH)
    outcomes = evaluate(split, torch_predict(model, prompts), stream=stream)
    require_both_classes(split, outcomes.target)
    return outcomes
