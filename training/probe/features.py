"""Features of every usable sample of a split: computed once, kept in a file of the run."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from fairness.arrays import FloatArray, IntArray
from fairness.atomic import write_atomically
from fairness.datasets.reader import Split
from fairness.datasets.stream import batches
from fairness.errors import DataError
from fairness.evaluate import Readings, joined
from fairness.outcomes import Outcomes
from fairness.samples import Batch, cut
from fairness.tasks.binary import SCORE, outcomes_of
from training.models.encoder import Encoder
from training.models.prompts import tokenize
from training.runlog import LOG, progress_bar

FeatureArray: TypeAlias = np.ndarray[tuple[int, int], np.dtype[np.float32]]

BATCH = 32


@dataclass(frozen=True)
class Encoded:
    """Features of the usable samples of a split, in the order of the split."""

    ids: tuple[str, ...]
    values: FeatureArray
    """(n, D)."""
    labels: IntArray
    """(n,) 0 or 1."""

    def outcomes(self, split: Split, scores: FloatArray) -> Outcomes:
        """The samples with their scores (n,); `split` is the one that was encoded."""
        return outcomes_of(joined([Readings(self.ids, {SCORE: scores})], split, ()))


def kept_features(encoder: Encoder, split: Split, folder: Path, weights: str) -> Encoded:
    """The features of a split, from `folder` where the same encoder has computed them before.

    Args:
        encoder: frozen.
        split: with texts where the encoder reads them.
        folder: of the run's features.
        weights: by which the encoder is told from another.

    Raises:
        DataError: an image or a note is unusable, or a feature is not finite.
    """
    path = folder / f"{split.split}.npz"
    key = f"{weights} {split.fingerprint()}"
    if (found := _read(path, key)) is not None:
        return found
    encoded = encode(encoder, split)
    content = io.BytesIO()
    np.savez(content, key=key, ids=encoded.ids, values=encoded.values, labels=encoded.labels)
    write_atomically(path, content.getvalue())
    return encoded


def encode(encoder: Encoder, split: Split) -> Encoded:
    """Encode every usable sample of a split; errors as `kept_features`."""
    ids: list[str] = []
    values, labels = [], []
    with progress_bar(f"encoding {split.split}") as bar, torch.no_grad():
        for batch in batches(split, cut(split.shapes, BATCH)):
            values.append(encode_batch(encoder, batch))
            ids += batch.ids
            labels.append(batch.targets)
            bar.show(len(ids), len(split))
    if not ids:
        raise DataError(f"no image of the {split.split} split is usable")
    order = np.argsort(np.array(ids))
    features = np.concatenate(values)[order]
    if odd := [ids[order[i]] for i in np.flatnonzero(~np.isfinite(features).all(axis=1))]:
        raise DataError(f"the features of {odd[0]} are not finite; use other weights")
    return Encoded(tuple(ids[i] for i in order), features, np.concatenate(labels)[order])


def encode_batch(encoder: Encoder, batch: Batch) -> FeatureArray:
    """Features (B, D) of a batch of stored images, and of its notes where they are read."""
    device = encoder.device
    grey = encoder.prepare.crop(torch.from_numpy(batch.images).to(device))
    found: FeatureArray = encoder(grey, note_tokens(encoder, batch.texts)).cpu().numpy()
    return found


def note_tokens(encoder: Encoder, notes: Sequence[str | None]) -> Tensor | None:
    """Tokens (B, L) of notes, as long as the longest of them; None where no notes are read."""
    if not encoder.reads_text:
        return None
    tokens = tokenize([note or "" for note in notes])
    # Attention is causal: what follows the end token, which is the largest, changes nothing.
    return tokens[:, : int(tokens.argmax(dim=1).max()) + 1].to(encoder.device)


def _read(path: Path, key: str) -> Encoded | None:
    """Features that an interrupted run left; None where there are none, or others."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            if str(arrays["key"]) != key:
                return None
            ids = tuple(str(id_) for id_ in arrays["ids"])
            return Encoded(ids, arrays["values"], arrays["labels"])
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        if path.exists():
            LOG.warning(f"{path} cannot be read: its features are computed anew")
        return None
