"""Batches of a step: a function of members, seed and step alone."""

import numpy as np

from training.batching import batch_at

KEY = (7, 0)


def test_a_pass_visits_every_member_once_in_an_order_of_its_own() -> None:
    members = np.arange(100, 110)
    passes = [[batch_at(members, 4, step, KEY) for step in range(p, p + 3)] for p in (0, 3)]
    for batches in passes:
        assert [len(batch) for batch in batches] == [4, 4, 2]
        assert sorted(np.concatenate(batches)) == list(members)
    assert not np.array_equal(passes[0][0], passes[1][0])


def test_batches_depend_on_seed_and_step_alone() -> None:
    members = np.arange(50)
    assert np.array_equal(batch_at(members, 8, 5, KEY), batch_at(members, 8, 5, KEY))
    assert not np.array_equal(batch_at(members, 8, 5, KEY), batch_at(members, 8, 5, (8, 0)))
