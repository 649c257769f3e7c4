"""The server's arithmetic against golden values, closed forms and invariances."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.arrays import Array
from fairness.errors import DataError
from training.fairlora.aggregation import Rule, Tensors, Update, aggregate, ema_weight

_FILE = Path(__file__).parents[2] / "golden" / "fairlora_aggregation.json"
GOLDEN: dict[str, Any] = json.loads(_FILE.read_text("utf-8"))
INPUT = GOLDEN["aggregation"]["input"]
PLAIN = Rule(shared_half=False, ema_beta=0.0)


def tensors(values: dict[str, object], dtype: str = "float64") -> Tensors:
    return {name: np.array(value, dtype=dtype) for name, value in values.items()}


OLD = tensors(INPUT["global"])
UPDATES = [
    Update(
        partition=k,
        tensors=tensors(INPUT[f"client{k}"]),
        examples=INPUT["num_examples"][k],
        group_counts=tuple(INPUT["group_counts"][k]),
    )
    for k in (0, 1)
]


def assert_close(found: Tensors, expected: dict[str, Any]) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=0, atol=GOLDEN["tolerance"])


@pytest.mark.parametrize(
    ("case", "done", "shared_half"),
    [
        ("round0_of_50", 0, False),
        ("round25_of_50", 25, False),
        ("round25_of_50_shared_half", 25, True),
    ],
)
def test_aggregation_is_golden(case: str, done: int, shared_half: bool) -> None:
    rule = Rule(shared_half=shared_half, ema_beta=INPUT["beta"])
    found = aggregate(OLD, UPDATES, rule, done, INPUT["max_round"])
    assert_close(found, GOLDEN["aggregation"]["expected"][case])


@pytest.mark.parametrize(("done", "weight"), GOLDEN["ema_weight_on_old_global"].items())
def test_the_weight_of_the_old_model_is_golden(done: str, weight: float) -> None:
    assert ema_weight(0.999, int(done), 50) == pytest.approx(weight, abs=GOLDEN["tolerance"])


def test_client_size_weighs_every_row_as_every_other_tensor() -> None:
    found = aggregate(OLD, UPDATES, replace(PLAIN, s_weighting="client_size"), 0, 1)
    expected = 0.6 * UPDATES[0].tensors["l.S"] + 0.4 * UPDATES[1].tensors["l.S"]
    np.testing.assert_allclose(found["l.S"], expected, rtol=1e-12)


def test_without_group_counts_rows_are_like_any_tensor() -> None:
    bare = [replace(update, group_counts=()) for update in UPDATES]
    found = aggregate(OLD, bare, PLAIN, 0, 1)["l.S"]
    weighed = aggregate(OLD, UPDATES, replace(PLAIN, s_weighting="client_size"), 0, 1)["l.S"]
    np.testing.assert_allclose(found, weighed, rtol=1e-12)


def test_a_group_that_nobody_has_keeps_its_row() -> None:
    without = [replace(u, group_counts=(u.group_counts[0], 0, 5)) for u in UPDATES]
    found = aggregate(OLD, without, PLAIN, 0, 1)["l.S"]
    np.testing.assert_array_equal(found[1], OLD["l.S"][1])
    assert not np.isnan(found).any()


def test_a_single_site_is_taken_as_it_is() -> None:
    found = aggregate(OLD, UPDATES[:1], PLAIN, 7, 10)
    for name, value in UPDATES[0].tensors.items():
        np.testing.assert_array_equal(found[name], value)


def test_the_order_of_the_replies_changes_no_bit() -> None:
    rule = Rule()
    one, other = (aggregate(OLD, order, rule, 3, 9) for order in (UPDATES, UPDATES[::-1]))
    for name, value in one.items():
        assert value.tobytes() == other[name].tobytes()


def test_each_tensor_keeps_its_dtype_while_sums_are_exact() -> None:
    old = {"w": np.zeros(1, dtype=np.float16)}
    tiny = [
        Update(partition=k, tensors={"w": np.array([v], dtype=np.float16)}, examples=1)
        for k, v in enumerate((2048.0, 1.0, 1.0, 1.0))  # float16 cannot hold 2049
    ]
    found = aggregate(old, tiny, PLAIN, 0, 1)["w"]
    assert found.dtype == np.float16
    assert found[0] == np.float16(2051 / 4)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5), st.integers(0, 9), st.booleans(), st.integers(0, 2**32 - 1))
def test_equal_sites_give_their_own_tensors(
    sites: int, done: int, shared_half: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    row = np.tile(rng.normal(size=4), (3, 1))  # equal rows survive the shared half
    same: Tensors = {"a": rng.normal(size=(2, 3)), "l.S": row}
    counts = rng.integers(1, 50, (sites, 3))
    updates = [
        Update(partition=k, tensors=same, examples=int(c.sum()), group_counts=tuple(c.tolist()))
        for k, c in enumerate(counts)
    ]
    found = aggregate(same, updates, Rule(shared_half=shared_half), done, 10)
    for name, value in same.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-12)


def changed(name: str, value: Array) -> Update:
    return replace(UPDATES[1], tensors={**UPDATES[1].tensors, name: value})


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        (replace(UPDATES[1], group_counts=(1, 2)), r"group counts \(1, 2\) do not fit"),
        (replace(UPDATES[1], group_counts=(1, -2, 3)), r"group counts \(1, -2, 3\)"),
        (replace(UPDATES[1], examples=-1), "do not fit"),
        (replace(UPDATES[1], tensors={}), "l.A is missing"),
        (changed("more", np.zeros(1)), "more is missing or not asked for"),
        (changed("l.A", np.zeros((2, 2))), r"l.A is float64 \(2, 2\), not float64 \(3, 4\)"),
        (changed("l.A", OLD["l.A"].astype("float32")), "l.A is float32"),
        (changed("l.A", np.full((3, 4), np.nan)), "l.A is not finite"),
    ],
)
def test_what_does_not_fit_is_refused(odd: Update, message: str) -> None:
    with pytest.raises(DataError, match=f"partition 1.*{message}"):
        aggregate(OLD, [UPDATES[0], odd], PLAIN, 0, 1)


def test_as_many_counts_as_rows_are_needed() -> None:
    two = [replace(update, group_counts=(1, 2)) for update in UPDATES]
    with pytest.raises(DataError, match=r"2 group counts for 3 rows of l\.S"):
        aggregate(OLD, two, PLAIN, 0, 1)


def test_without_any_sample_there_is_nothing_to_average() -> None:
    with pytest.raises(DataError, match="no site has a training sample"):
        aggregate(OLD, [replace(u, examples=0) for u in UPDATES], PLAIN, 0, 1)
    with pytest.raises(DataError, match="no site has a training sample"):
        aggregate(OLD, [], PLAIN, 0, 1)
