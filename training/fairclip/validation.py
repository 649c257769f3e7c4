"""Validation AUC of a model after each epoch, and the checkpoint of the best epoch."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch

from fairness.contract import Threshold
from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.notes import LABEL_TEXTS
from fairness.evaluate import evaluate
from fairness.metrics.classification import auc
from fairness.outcomes import Outcomes
from fairness.youden import youden_threshold
from training import checkpoint
from training.checkpoint_record import FairCLIPRecord, SelectedOn
from training.learned import auc_limits, require_both_classes, say_auc
from training.models.clip import Clip
from training.models.prompts import tokenize
from training.predictor import torch_predict
from training.resume import Progress

MakeRecord: TypeAlias = Callable[[Threshold, SelectedOn], FairCLIPRecord]
"""Completes the record of a checkpoint."""


def keep_best(
    model: Clip, split: FairVLMed, folder: Path, done: Progress, make_record: MakeRecord
) -> tuple[Progress, float]:
    """Score an epoch by validation AUC, and save the model if it beats all epochs before.

    Args:
        model: after the epoch.
        split: the validation split.
        folder: of the checkpoint.
        done: progress before the epoch.
        make_record: called for an epoch that is kept.

    Returns:
        Progress with this epoch, and its AUC. Of equally good epochs the first one stays.

    Raises:
        DataError: the split holds one class only, or a score is not finite.
    """
    outcomes = scored(model, split)
    threshold = Threshold(
        value=youden_threshold(outcomes.target, outcomes.score),
        rule="youden",
        split=split.split,
        split_sha256=split.fingerprint(),
    )
    value, epoch = float(auc(outcomes.target, outcomes.score)), done.epochs + 1
    if value <= done.best:
        return Progress(epochs=epoch, best_epoch=done.best_epoch, best=done.best), value
    selected = SelectedOn(split=split.split, epoch=epoch, value=value)
    record = make_record(threshold, selected)
    checkpoint.save(folder, model.state_dict(), model.towers.config.to_dict(), record)
    return Progress(epochs=epoch, best_epoch=epoch, best=value), value


def conclude(model: Clip, split: FairVLMed, folder: Path, done: Progress) -> None:
    """Put the best checkpoint back into the model, and log whether its scores tell anything.

    Raises:
        DataError: the checkpoint in the folder is missing or damaged.
    """
    checkpoint.load(folder).fill(model)
    outcomes = scored(model, split)
    people = np.array(outcomes.patients)
    limits = auc_limits(outcomes.target, outcomes.score, people, done.epochs)
    say_auc(done.best, limits, done.epochs, "epochs")


def scored(model: Clip, split: FairVLMed) -> Outcomes:
    """Every sample of the split with its score.

    Raises:
        DataError: the samples are of one class only, or a score is not finite.
    """
    with torch.no_grad():
        prompts = model.encode_text(tokenize(LABEL_TEXTS).to(model.device))
    outcomes = evaluate(split, torch_predict(model, prompts), attributes=())
    require_both_classes(split, outcomes.target)
    return outcomes
