"""Answers of a checkpoint in torch, through the predictors that training validates with."""

import io
import json
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import torch

from export.servable_head import text_input_of
from fairness.datasets.catalogue import open_split
from fairness.datasets.reader import Split
from fairness.errors import DataError
from fairness.evaluate import Predict, ask
from fairness.outcomes import Answered, Names
from fairness.tasks.binary import probabilities
from fairness.tasks.masks import MaskTask
from training import checkpoint as checkpoints
from training.checkpoint import Stored
from training.checkpoint_record import Blip2Record, FairLoRARecord, FairSegRecord, HeadRecord
from training.fairlora.task import predict_by_group
from training.models import blip2, classifier, clip, fairlora, segmenter
from training.models.prompts import tokenize
from training.models.segmentation_input import SegmentationInput
from training.predictor import blip2_predict, torch_classify, torch_masks, torch_predict


def answered_split(
    checkpoint: Path, data: Path | None, name: str, further: tuple[str, ...], batch_size: int
) -> tuple[Answered, dict[bytes, bytes]]:
    """What the model of a checkpoint answers to a split, and whose answers these are.

    Args:
        checkpoint: a folder that `training.checkpoint.save` wrote.
        data: folder in the layout of its data set; None: data/DATASET.
        name: of the split.
        further: names of keys that are attributes, beside those of the data set.
        batch_size: images answered together.

    Returns:
        Score or scores of masks by sample; metadata of the parquet file, as an audit writes them.

    Raises:
        DataError: the checkpoint or the data cannot be used.
        UsageError: the data set has no such split or attribute.
    """
    stored = checkpoints.load(checkpoint)
    record = stored.record
    shape = record.image_shape if isinstance(record, FairSegRecord | FairLoRARecord) else None
    reads = text_input_of(record) if isinstance(record, HeadRecord) else None
    split = open_split(
        record.dataset,
        data or Path("data") / record.dataset,
        name,
        target=record.target,
        further=further,
        attribute=record.attribute or "race",
        shape=shape,
        text_input=reads,
    )
    check_shapes(split, shape)
    read = MaskTask(distances=False).read if isinstance(record, FairSegRecord) else probabilities
    with torch.no_grad():
        predict = predictor_of(stored, split)
        answered = ask(split, predict, read, split.attributes, batch_size=batch_size)
    names = Names(f"{record.method} in torch", split.name, name)
    return answered, {
        b"split_sha256": split.fingerprint().encode(),
        b"names": json.dumps(asdict(names)).encode(),
    }


def check_shapes(split: Split, shape: tuple[int, ...] | None) -> None:
    """Refuse an image of another shape than the model takes.

    Raises:
        DataError: there is one.
    """
    for index, found in enumerate(split.shapes):
        if not found or (shape is not None and found != shape):
            split.read(index)  # raises, and says what is wrong


def predictor_of(stored: Stored, split: Split) -> Predict:
    """The predictor with which training validates such a model.

    Raises:
        DataError: tensors do not fit, or the data have other groups than the model takes.
    """
    record = stored.record
    if isinstance(record, FairSegRecord):
        network = segmenter.restore(stored, record.model)
        height, width = record.image_shape
        prepare = SegmentationInput(
            height, width, record.crop, network.image_size, compat=record.compat
        )
        return torch_masks(network, prepare)
    if isinstance(record, FairLoRARecord):
        model = fairlora.restore(stored)
        if model.config.adapter == "fairlora":
            groups = {a.name: a.groups for a in split.attributes}.get(record.attribute)
            if groups != record.groups:
                raise DataError(
                    f"{split.root}: {record.attribute} has the groups {groups}, the model was "
                    f"trained for {record.groups}; name data that are coded as its training data"
                )
        return predict_by_group(model, record.attribute)
    if isinstance(record, HeadRecord):
        return torch_classify(classifier.restore(stored))
    if isinstance(record, Blip2Record):
        return blip2_predict(blip2.restore(stored), record.prompts)
    towers = clip.restore(stored)
    return torch_predict(towers, towers.encode_text(tokenize(record.prompts)))


def stored_rows(answered: Answered, metadata: dict[bytes, bytes]) -> bytes:
    """A parquet file with a row a sample: id, patient, target, values, groups (null: unknown)."""
    cases = answered.cases
    columns: dict[str, object] = {"id": list(cases.ids), "patient": list(cases.patients)}
    if answered.labels is not None:
        columns["target"] = answered.labels
    columns |= answered.values
    for attribute in cases.attributes:
        groups = (*attribute.groups, None)  # code -1 picks the null at the end
        columns[attribute.name] = [groups[code] for code in cases.codes[attribute.name]]
    content = io.BytesIO()
    pq.write_table(pa.table(columns).replace_schema_metadata(metadata), content)
    return content.getvalue()
