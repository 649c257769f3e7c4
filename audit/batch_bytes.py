"""Bytes of the largest batch of a run: what memory in flight is made for."""

from collections.abc import Sequence

from audit.client.sending import BatchBytes
from audit.plan import Plan
from audit.sizes import FRAME_BYTES, most_answer_bytes
from fairness.datasets.read_ahead import largest


def batch_bytes(parts: Sequence[Plan]) -> BatchBytes:
    """Of plans that are streamed one after another."""
    images = tensor = batches = 0
    for part in parts:
        cuts, shapes, foreign = part.cuts(), part.split.shapes, part.model.foreign
        images, batches = max(images, largest(part.split, cuts)), max(batches, len(cuts))
        for rows in cuts:
            if foreign is not None and (shape := shapes[rows[0]]):
                tensor = max(tensor, len(rows) * foreign.input_bytes(shape))
    answer = max(most_answer_bytes(part.model, part.split.shapes) for part in parts)
    return BatchBytes(images, tensor, answer - FRAME_BYTES, batches)
