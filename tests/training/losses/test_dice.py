"""The Dice loss against golden values, MONAI, and what per-sample sums must add up to."""

import pytest
import torch
from fairseg_batch import GOLDEN, LABELS, LOGITS

from training.losses.dice import dice_loss, dice_loss_per_sample, dice_sums
from training.losses.segmentation import (
    sample_losses,
    segmentation_loss,
)


def test_dice_equals_the_golden_value() -> None:
    assert dice_loss(LOGITS, LABELS).item() == pytest.approx(GOLDEN["plain"]["dice"], abs=1e-6)


@pytest.mark.further
@pytest.mark.parametrize("batch", [True, False])
def test_dice_equals_monai(batch: bool) -> None:
    from monai.losses.dice import DiceLoss  # takes seconds

    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 4, 7, 5, generator=generator)
    labels = torch.randint(4, (3, 7, 5), generator=generator)
    monai = DiceLoss(
        to_onehot_y=True, softmax=True, squared_pred=True, batch=batch,
        smooth_nr=1e-5, smooth_dr=1e-5,
    )  # fmt: skip
    ours = dice_loss(logits, labels) if batch else dice_loss_per_sample(logits, labels).mean()
    assert ours.item() == pytest.approx(monai(logits, labels.unsqueeze(1)).item(), abs=1e-6)


def test_one_sample_alone_is_a_batch() -> None:
    alone = [dice_loss(LOGITS[i : i + 1], LABELS[i : i + 1]).item() for i in range(4)]
    assert dice_loss_per_sample(LOGITS, LABELS).tolist() == pytest.approx(alone, abs=1e-6)


def test_groups_of_sums_are_batches_of_their_samples() -> None:
    grouped = dice_sums(LOGITS, LABELS).grouped(torch.tensor([2, 0, 0, 2]), 3).loss().mean(dim=1)
    pairs = [dice_loss(LOGITS[rows], LABELS[rows]).item() for rows in ([1, 2], [0, 3])]
    assert grouped.tolist() == pytest.approx([pairs[0], 0.0, pairs[1]], abs=1e-6)


@pytest.mark.parametrize(("share", "total"), [(0.8, "samed_total"), (0.5, "transunet_total")])
def test_base_loss_equals_the_golden_value(share: float, total: str) -> None:
    loss = segmentation_loss(LOGITS, LABELS, share)
    assert loss.cross_entropy.item() == pytest.approx(GOLDEN["plain"]["cross_entropy"], abs=1e-5)
    assert loss.total.item() == pytest.approx(GOLDEN["plain"][total], abs=1e-5)


def test_loss_of_a_sample_is_that_of_a_batch_of_one() -> None:
    alone = [segmentation_loss(LOGITS[i : i + 1], LABELS[i : i + 1], 0.8) for i in range(4)]
    expected = [loss.total.item() for loss in alone]
    assert sample_losses(LOGITS, LABELS, 0.8).tolist() == pytest.approx(expected, abs=1e-6)
