"""Samples and batches of a split: order, and what becomes of unusable ones."""

import numpy as np
import pytest
from small_split import SmallSplit

from fairness.datasets.stream import batches, samples
from fairness.errors import DataError

CUTS = [np.array([0, 2, 4]), np.array([1, 3]), np.array([5])]


def test_samples_come_in_the_order_asked_for() -> None:
    assert [s.id for s in samples(SmallSplit(3))] == ["s0000", "s0001", "s0002"]
    assert [s.id for s in samples(SmallSplit(3), [2, 0])] == ["s0002", "s0000"]


def test_a_batch_is_a_cut() -> None:
    found = [batch.ids for batch in batches(SmallSplit(6), CUTS)]
    assert found == [("s0000", "s0002", "s0004"), ("s0001", "s0003"), ("s0005",)]


def test_a_broken_sample_stops_or_shrinks_its_batch_alone() -> None:
    with pytest.raises(DataError, match="s0002: broken"):
        list(batches(SmallSplit(6, broken=frozenset({2, 5})), CUTS))
    split = SmallSplit(6, broken=frozenset({2, 5}), skip=True)
    found = [batch.ids for batch in batches(split, CUTS)]
    assert found == [("s0000", "s0004"), ("s0001", "s0003")]
    assert split.skipped == [("s0002", "s0002: broken"), ("s0005", "s0005: broken")]


def test_only_what_is_asked_for_is_decoded() -> None:
    split = SmallSplit(6, broken=frozenset({0, 1, 2, 3, 4}))
    assert [batch.ids for batch in batches(split, CUTS[2:])] == [("s0005",)]
