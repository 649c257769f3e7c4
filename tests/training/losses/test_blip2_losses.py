"""BLIP-2's losses against sums written out in numpy."""

import numpy as np
import pytest
import torch

from fairness.arrays import FloatArray
from training.losses.blip2 import (
    captioning_loss,
    contrastive_loss,
    draw_negatives,
    matching_loss,
    negative_chances,
    query_similarity,
)

RNG = np.random.default_rng(3)


def log_softmax(values: FloatArray) -> FloatArray:
    found: FloatArray = values - np.log(np.exp(values).sum(axis=-1, keepdims=True))
    return found


def smoothed(logits: FloatArray, right: list[int]) -> float:
    """Cross-entropy against 0.9 of the right class and 0.1 spread over all, row by row."""
    rows = []
    for row, k in zip(log_softmax(logits), right, strict=True):
        target = np.full(len(row), 0.1 / len(row))
        target[k] += 0.9
        rows.append(-(target * row).sum())
    return float(np.mean(rows))


def test_blip2_similarity_is_the_best_query_s() -> None:
    queries, texts = RNG.normal(size=(3, 5, 4)), RNG.normal(size=(2, 4))
    by_hand = [[max(q @ text for q in image) for text in texts] for image in queries]
    found = query_similarity(torch.from_numpy(queries), torch.from_numpy(texts))
    np.testing.assert_allclose(found.numpy(), by_hand, rtol=1e-12)


def test_blip2_contrastive_loss_is_smoothed_both_ways() -> None:
    logits = RNG.normal(size=(4, 4)) * 5
    by_hand = (smoothed(logits, [0, 1, 2, 3]) + smoothed(logits.T, [0, 1, 2, 3])) / 2
    assert contrastive_loss(torch.from_numpy(logits)).item() == pytest.approx(by_hand, rel=1e-12)


def test_blip2_matching_loss_is_plain_cross_entropy() -> None:
    logits = RNG.normal(size=(6, 2))
    rows = log_softmax(logits)
    by_hand = -np.mean([rows[0, 1], rows[1, 1], *rows[2:, 0]])
    assert matching_loss(torch.from_numpy(logits), 2).item() == pytest.approx(by_hand, rel=1e-12)


def test_blip2_captioning_loss_leaves_out_padding_and_the_last_answer() -> None:
    logits = RNG.normal(size=(2, 4, 7))
    tokens = [[2, 5, 3, 0], [2, 4, 6, 3]]  # 0 is padding
    rows = np.concatenate([logits[0, :2], logits[1, :3]])
    by_hand = smoothed(rows, [5, 3, 4, 6, 3])
    found = captioning_loss(torch.from_numpy(logits), torch.tensor(tokens), pad=0)
    assert found.item() == pytest.approx(by_hand, rel=1e-12)


def test_blip2_negatives_come_by_their_chances_and_never_from_the_pair_itself() -> None:
    logits = torch.tensor([[9.0, 1.0, 2.0], [0.0, 9.0, 0.0], [3.0, 0.0, 9.0]])
    chances = negative_chances(logits).numpy()
    by_hand = np.exp(log_softmax(logits.numpy().astype(float))) + 1e-4
    np.fill_diagonal(by_hand, 0)
    np.testing.assert_allclose(chances, by_hand, rtol=1e-5)
    generator = torch.Generator().manual_seed(0)
    drawn = np.array([draw_negatives(logits, generator).numpy() for _ in range(3000)])
    for row in range(3):
        shares = np.bincount(drawn[:, row], minlength=3) / len(drawn)
        np.testing.assert_allclose(shares, by_hand[row] / by_hand[row].sum(), atol=0.04)
        assert shares[row] == 0


def test_a_single_pair_has_no_negative_in_blip2() -> None:
    assert len(draw_negatives(torch.ones(1, 1), torch.Generator())) == 0
