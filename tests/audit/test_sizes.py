"""Memory that a server's words may cost."""

import pytest
from served import SPEC, with_probes
from served_masks import MASK_SPEC

from audit.client.endpoint import ServedModel
from audit.sizes import FRAME_BYTES, most_answer_bytes, within_memory
from fairness.contract import ModelSpec


def model_of(rows: int, spec: ModelSpec) -> ServedModel:
    return ServedModel("m", "1", spec, batch_size=rows, device="CPU", server="fake 1")


@pytest.mark.parametrize(
    ("shape", "rows", "kept"),
    [
        ((664, 512), 32, 32),
        ((200, 200, 200), 32, 32),
        ((7000, 7000), 32, 5),
        ((30_000, 30_000), 8, 1),
        ((), 1024, 1024),
    ],
)
def test_a_batch_is_cut_to_what_memory_holds(shape: tuple[int, ...], rows: int, kept: int) -> None:
    assert within_memory(model_of(rows, SPEC), [shape, ()]).batch_size == kept


def test_an_answer_may_be_as_large_as_a_full_batch_of_the_largest_image() -> None:
    shapes = [(10, 20), (), (30, 40)]
    assert most_answer_bytes(model_of(8, MASK_SPEC), shapes) == 8 * 1200 + FRAME_BYTES
    assert most_answer_bytes(model_of(32, SPEC), shapes) == 32 * 4 + FRAME_BYTES
    assert most_answer_bytes(model_of(8, MASK_SPEC), [(60_000, 60_000)]) == 2**31 - 1
    assert most_answer_bytes(model_of(2, with_probes(SPEC)), []) == 2 * 4 + FRAME_BYTES
