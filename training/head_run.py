"""What probes and fine-tuning share: their splits, their record, their checkpoint."""

from dataclasses import asdict
from pathlib import Path
from typing import Literal

from fairness.contract import SelectedOn, Threshold
from fairness.datasets.fairvlmed import FairVLMed
from training import checkpoint
from training.checkpoint_record import Head, HeadRecord
from training.encoding import Encoding
from training.models.classifier import Classifier
from training.models.encoder import Blip2Encoder


def open_split(config: Encoding, name: str) -> FairVLMed:
    """A split of the data set, with its notes where they are an input."""
    return FairVLMed(
        config.data,
        name,
        target=config.target,
        text_source="note" if config.features == "image-text" else None,
        note_characters=config.note_characters,
        on_error=config.on_error,
    )


def describe(
    config: Encoding,
    method: Literal["probe", "finetune"],
    head: Head,
    val: FairVLMed,
    facts: tuple[Threshold, SelectedOn],
    encoder: tuple[str, str],
) -> HeadRecord:
    """The record of a head.

    Args:
        config: settings of the run.
        method: its name.
        head: which one.
        val: the split that the threshold was chosen on.
        facts: the threshold, and how the epoch was chosen.
        encoder: what it is, and the attribute that its training treated fairly.
    """
    negative = "non-glaucoma" if config.target == "glaucoma" else f"no {config.target}"
    return HeadRecord(
        preset=config.preset,
        threshold=facts[0],
        data=val.statement(),
        dataset=val.name,
        target=config.target,
        method=method,
        attribute=encoder[1],
        head=head,
        features=config.features,
        backbone=encoder[0],
        note_characters=config.note_characters,
        class_names=(negative, config.target),
        config=asdict(config),
        selected_on=facts[1],
        seed=config.seed,
    )


def save(folder: Path, model: Classifier, record: HeadRecord) -> None:
    """Write the checkpoint of an encoder and its head."""
    encoder = model.encoder
    shape = {
        "network": "blip2" if isinstance(encoder, Blip2Encoder) else "clip",
        "encoder": encoder.architecture(),
        "features": encoder.features,
        "fit": encoder.prepare.fit,
        "head": record.head,
    }
    checkpoint.save(folder, model.state_dict(), shape, record)
