"""Self-description of an exported model, in the words of the contract."""

import hashlib
from pathlib import Path

from export.servable import IMAGE, Servable
from fairness.contract import ModelSpec, SelectedOn
from fairness.probes import Probes
from training.checkpoint import WEIGHTS


def model_spec(
    servable: Servable,
    checkpoint: Path,
    model: bytes,
    parity: dict[str, float],
    probes: Probes | None,
    precision: str,
    selected_on: SelectedOn | None = None,
) -> ModelSpec:
    """The self-description of `model`, exported from the checkpoint folder `checkpoint`."""
    return ModelSpec(
        task=servable.task,
        method=servable.method,
        dataset=servable.dataset,
        target=servable.target,
        attribute=servable.attribute,
        input=IMAGE,
        image_shape=servable.image_shape,
        group_input=servable.group_input,
        text_input=servable.text_input,
        output=servable.answer,
        class_names=servable.class_names,
        threshold=servable.threshold,
        selected_on=selected_on,
        checkpoint_sha256=file_sha256(checkpoint / WEIGHTS),
        model_sha256=hashlib.sha256(model).hexdigest(),
        precision=precision,
        parity=parity,
        probes=probes,
    )


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, as `sha256sum` prints it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
