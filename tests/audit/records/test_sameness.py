"""Digests of cases, against every way of writing the same table that people use."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from audit.records.sameness import digest_of_ids, digests

ROWS = st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1, max_size=20).flatmap(
    lambda rows: st.tuples(st.just(rows), st.permutations(range(len(rows))))
)


@given(ROWS)
def test_the_order_of_rows_does_not_count_and_their_content_does(
    drawn: tuple[list[tuple[int, float]], list[int]],
) -> None:
    rows, order = drawn
    label, score = np.array([y for y, _ in rows]), np.array([s for _, s in rows])
    ids = [f"s{i}" for i in range(len(rows))]
    first = digests(ids, label, score)
    again = digests([ids[i] for i in order], label[order], score[order])
    assert first == again
    assert first[1] == digest_of_ids(ids, label)
    assert digests(None, label, score) == first[:1]
    changed = score.copy()
    changed[0] += 1
    assert digests(ids, label, changed)[0] != first[0]
    assert digests(ids, label, changed)[1] == first[1]
    assert digest_of_ids(ids, 1 - label) != first[1]
    assert digest_of_ids([*ids[:-1], "other"], label) != first[1]
