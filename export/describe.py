"""What the exported model says of itself: the checkpoint's record in the words of the contract."""

import hashlib
from pathlib import Path

from export.servable import INPUT, OUTPUT
from fairness.contract import ModelSpec, Probes
from training.checkpoint import WEIGHTS, Record

PRECISION = "fp32"
"""The only one exported so far; a GPU may still round products to TF32, see model_repository."""


def describe(
    record: Record, checkpoint: Path, model: bytes, parity: dict[str, float], probes: Probes
) -> ModelSpec:
    """The self-description of `model`, exported from the checkpoint folder `checkpoint`."""
    return ModelSpec(
        task="classification",
        method=f"{record.method} ({record.fair_mode} mode)",
        dataset=record.dataset,
        target=record.target,
        input=INPUT,
        output=OUTPUT,
        class_names=record.class_names,
        threshold=record.threshold,
        checkpoint_sha256=file_sha256(checkpoint / WEIGHTS),
        model_sha256=hashlib.sha256(model).hexdigest(),
        precision=PRECISION,
        parity=parity,
        probes=probes,
    )


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, as `sha256sum` prints it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
