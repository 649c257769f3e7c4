"""Bytes of the largest batch of a run: what memory in flight is made for."""

import math
from collections.abc import Sequence

from audit.client.sending import BatchBytes
from audit.plan import Plan
from audit.sizes import FRAME_BYTES, most_answer_bytes


def batch_bytes(parts: Sequence[Plan]) -> BatchBytes:
    """Of plans that are streamed one after another."""
    images = tensor = batches = 0
    for part in parts:
        cuts, shapes, foreign = part.cuts(), part.split.shapes, part.model.foreign
        for rows in cuts:
            shape = shapes[rows[0]]
            images = max(images, len(rows) * math.prod(shape))
            if foreign is not None and shape:
                tensor = max(tensor, len(rows) * foreign.input_bytes(shape))
        batches = max(batches, len(cuts))
    answer = max(most_answer_bytes(part.model, part.split.shapes) for part in parts)
    return BatchBytes(images, tensor, answer - FRAME_BYTES, batches)
