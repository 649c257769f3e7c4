"""Work of a site in a round: score the global model, train it for an epoch, count its groups.

All of it is a function of the global tensors, the data, the settings, the round and the partition:
the same in one process, in a simulation and between hospitals.
"""

import math
from collections.abc import Iterable, Iterator, Mapping

import torch
from torch import Tensor
from torch.optim import SGD

from fairness.errors import DataError
from fairness.evaluate import BATCH, Answers, Predict, evaluate
from fairness.group_input import RECORDED
from fairness.samples import Batch
from training.batching import batch_at, steps_per_pass
from training.fairlora import score_counts
from training.fairlora.aggregation import GROUP_ROWS
from training.fairlora.config import Config
from training.fairlora.site import Site
from training.fairlora.step import classification_loss, proximal_term, update
from training.models.fairlora import FairLoRA


def train_epoch(model: FairLoRA, site: Site, config: Config, done: int, partition: int) -> float:
    """Train for one epoch with momentum from zero; the mean loss of its steps.

    Args:
        model: holds the global tensors; left in eval mode.
        site: whose data are visited once, in an order of this round and partition.
        config: the settings.
        done: rounds finished before.
        partition: number of the site.

    Raises:
        DataError: the loss diverged, or an image is broken.
    """
    trained = [p for p in model.parameters() if p.requires_grad]
    received = [p.detach().clone() for p in trained]
    optimizer = SGD(
        trained, lr=config.lr, momentum=config.momentum, weight_decay=config.weight_decay
    )
    device = trained[0].device
    steps = steps_per_pass(len(site.members), config.batch_size)
    total = 0.0
    model.train()
    for step in range(done * steps, (done + 1) * steps):
        index = batch_at(site.members, config.batch_size, step, (config.seed, 2, partition))
        images, labels, groups = (part.to(device) for part in site.fetch(index))
        loss = classification_loss(
            model(images, groups), labels, groups, len(site.groups), config.fairness_lambda
        )
        if config.method == "fedprox":
            loss = loss + proximal_term(trained, received, config.mu)
        if not math.isfinite(loss.item()):
            raise DataError(f"site {site.name}: the loss is {loss.item()}; lower --lr")
        update(loss, optimizer, config.steps_per_batch)
        total += loss.item()
    model.eval()
    return total / steps


def judge(model: FairLoRA, site: Site, config: Config) -> score_counts.Counts:
    """The scores of the site's validation samples, counted by class."""
    stream = site.judged.batches(site.val, BATCH)
    outcomes = evaluate(site.val, predict_by_group(model, config.attribute), stream=stream)
    return score_counts.count(outcomes.target, outcomes.score)


def predict_by_group(model: FairLoRA, attribute: str) -> Predict:
    """Answer batches with P(positive class), (B, 1) float32, each sample under its own group."""

    def predict(batches: Iterable[Batch]) -> Iterator[tuple[Batch, Answers]]:
        device = model.logit_scale.device
        with torch.no_grad():
            prompts = model.prompts()
            for batch in batches:
                images = torch.from_numpy(batch.images).to(device)
                groups = torch.from_numpy(batch.attributes[attribute]).to(device)
                logits = model.answer(images, groups, prompts)
                yield batch, {RECORDED: logits.softmax(dim=1)[:, 1:].cpu().numpy()}

    return predict


def reported(site: Site, config: Config) -> tuple[int, list[int]]:
    """Training samples in all and by group, as they leave the site.

    Cells below `min_group` are reported as 0 and the total is the sum of what is reported, so that
    no small cell can be recovered by subtraction. Methods without groups report no cells.

    Raises:
        DataError: nothing is left to report.
    """
    if not config.grouped:
        return len(site.members), []
    counts, rest = site.group_counts()
    *shown, rest = (number if number >= config.min_group else 0 for number in (*counts, rest))
    if not sum(shown):
        raise DataError(
            f"site {site.name}: no {config.attribute} group has {config.min_group} training "
            "samples; lower --min-group if its counts may be known"
        )
    return sum(shown) + rest, shown


def without_hidden_rows(
    state: dict[str, Tensor], received: Mapping[str, Tensor], counts: list[int]
) -> dict[str, Tensor]:
    """The tensors that leave a site: rows of S of a group reported as 0 go back as received."""
    hidden = [group for group, number in enumerate(counts) if number == 0]
    for name, tensor in state.items():
        if name.endswith(GROUP_ROWS) and counts:
            tensor[hidden] = received[name][hidden]
    return state
