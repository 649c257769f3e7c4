"""Fine-tuning: epochs of plain steps on encoder and head, each followed by validation."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torch.optim import AdamW, Optimizer

from fairness.arrays import IntArray
from fairness.datasets.reader import Split
from fairness.errors import DataError
from fairness.evaluate import BATCH, evaluate
from fairness.outcomes import Outcomes
from training import checkpoint, settings
from training.backbone import open_encoder
from training.finetune.config import FREE, Config
from training.finetune.samples import Inputs
from training.head_run import describe, open_split, save
from training.kept import Kept
from training.learned import require_both_classes
from training.models.classifier import Classifier
from training.models.encoder import Encoder
from training.models.head import build_head
from training.predictor import torch_classify
from training.probe.linear import batches_of, step_loss
from training.resume import Progress, identity_of, load_state, save_state
from training.runlog import LOG, RunLog, progress_bar
from training.selection import Selection
from training.starting_data import announce_data
from training.weights_digest import digest_of


def train(config: Config, folder: Path, resume: bool = False) -> Path:
    """Train, and return the folder of the kept epoch's checkpoint.

    Raises:
        UsageError: the settings do not fit the data, or the run that is to be resumed.
        DataError: the data are missing or unusable, or the loss diverged.
    """
    splits = {name: open_split(config, name) for name in ("train", "val")}
    if config.select_on == "test":
        splits["test"] = open_split(config, "test")
    selection = Selection(config.select_on, splits["val"], splits.get("test"))
    require_both_classes(splits["train"], splits["train"].labels)
    selection.check()
    encoder, said, attribute = open_encoder(config)
    identity = identity_of(config, FREE) | {"encoder": digest_of(encoder)}
    identity["data"] = " ".join(split.fingerprint() for split in splits.values())
    model, optimizer = build(config, encoder)
    inputs = Inputs(splits["train"], encoder, config.cache_mb)
    usable = inputs.check(skip=config.on_error == "skip")
    labels = torch.from_numpy(splits["train"].labels).to(encoder.device)
    done = load_state(folder / "last", model, optimizer, identity) if resume else Progress()
    settings.keep(config, folder)
    kept = Kept(config.cache_mb, encoder.prepare.crop, encoder.device)
    score = partial(scored, model, kept)
    with RunLog(folder, first_step=done.epochs) as log, progress_bar("training") as bar:
        trained = sum(p.numel() for group in optimizer.param_groups for p in group["params"])
        LOG.info(f"{said} on {encoder.device}: {trained:,} trained parameters")
        announce_data(splits["train"], splits["val"])
        selection.announce()
        for epoch in range(done.epochs, config.epochs):
            bar.show(epoch, config.epochs)
            numbers = batches_of(len(usable), config.batch_size, epoch, config.seed)
            loss = train_epoch(model, optimizer, inputs, labels, [usable[n] for n in numbers])
            judged = selection.judge(score, done)
            done = judged.progress
            if judged.kept is not None:
                record = describe(
                    config, "finetune", "linear", splits["val"], judged.kept, (said, attribute)
                )
                save(folder / "best", model, record)
            log.scalars(epoch + 1, {"loss": loss, f"{selection.named}/auc": judged.value})
            save_state(folder / "last", model, optimizer, done, identity)
            of_all = f"epoch {epoch + 1} of {config.epochs}"
            LOG.info(f"{of_all}: {selection.named} AUC {judged.value:.3f}")
        checkpoint.load(folder / "best").fill(model)
        selection.conclude(score, done)
    return folder / "best"


def train_epoch(
    model: Classifier,
    optimizer: Optimizer,
    inputs: Inputs,
    labels: Tensor,
    batches: Sequence[IntArray],
) -> float:
    """Train on batches of sample numbers, and return the last one's loss.

    Raises:
        DataError: the loss is not finite.
    """
    model.head.train()
    for batch in batches:
        loss = step_loss(model.head, model.encoder(*inputs.fetch(batch)), labels[batch])
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        if not loss.isfinite():
            raise DataError("training diverged; lower --lr or --head-lr")
    return loss.item()


def build(config: Config, encoder: Encoder) -> tuple[Classifier, Optimizer]:
    """The model, and its optimiser."""
    torch.manual_seed(config.seed)
    head = build_head("linear", encoder.width).to(encoder.device)
    groups = [
        {"params": encoder.trained(), "lr": config.lr},
        {"params": list(head.parameters()), "lr": config.head_lr},
    ]
    return Classifier(encoder, head), AdamW(groups, weight_decay=config.weight_decay)


def scored(model: Classifier, kept: Kept, split: Split) -> Outcomes:
    """Every sample of the split with its score; its batches are kept for the next time.

    Raises:
        DataError: the samples are of one class only, or a score is not finite.
    """
    model.eval()
    outcomes = evaluate(split, torch_classify(model), stream=kept.batches(split, BATCH))
    require_both_classes(split, outcomes.target)
    return outcomes
