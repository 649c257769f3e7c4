"""Asks a real server about small images."""

import numpy as np
import numpy.typing as npt
import tritonclient.grpc as triton
from small_models import TABLE_ROWS

Bytes = npt.NDArray[np.uint8]


def small_images(batch: int, height: int, width: int, seed: int = 0) -> Bytes:
    """Images (batch, height, width) of grey levels that `grey_level` can look up in its table."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, TABLE_ROWS, (batch, height, width), dtype=np.uint8)


def ask(
    client: triton.InferenceServerClient, model: str, images: Bytes, *outputs: str
) -> triton.InferResult:
    """The answer of `model`, with all outputs or those that are named."""
    sent = triton.InferInput("image", images.shape, "UINT8")
    sent.set_data_from_numpy(images)
    wanted = [triton.InferRequestedOutput(name) for name in outputs]
    return client.infer(model, [sent], outputs=wanted or None, client_timeout=60)
