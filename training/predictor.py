"""Torch models as predictors, so that training is evaluated by the same code as the audit."""

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor, nn

from fairness.evaluate import Answers, Predict
from fairness.group_input import RECORDED
from fairness.samples import Batch
from training.models.blip2 import Blip2
from training.models.classifier import Classifier
from training.models.clip import Clip
from training.models.prompts import tokenize, zero_shot_score
from training.models.segmentation_input import SegmentationInput


def torch_predict(model: Clip, prompts: Tensor) -> Predict:
    """Answer batches of stored images with P(positive class), (B, 1) float32.

    Args:
        model: on any device.
        prompts: (2, E) unit features of the negative and the positive prompt, on that device.
    """

    def predict(batches: Iterable[Batch]) -> Iterator[tuple[Batch, Answers]]:
        for batch in batches:
            with torch.no_grad():
                images = torch.from_numpy(batch.images).to(prompts.device)
                score = zero_shot_score(model.encode_image(images), prompts)
            yield batch, {RECORDED: score.cpu().numpy()}

    return predict


def torch_classify(model: Classifier) -> Predict:
    """Answer batches of stored images, and of their notes where the encoder reads them.

    Answers are P(positive class), (B, 1) float32; the model may be on any device.
    """
    encoder = model.encoder

    def predict(batches: Iterable[Batch]) -> Iterator[tuple[Batch, Answers]]:
        for batch in batches:
            tokens = None
            with torch.no_grad():
                images = torch.from_numpy(batch.images).to(encoder.device)
                if encoder.reads_text:
                    texts = [text or "" for text in batch.texts]
                    tokens = tokenize(texts).to(encoder.device)
                score = torch.sigmoid(model(images, tokens))
            yield batch, {RECORDED: score.cpu().numpy()}

    return predict


def blip2_predict(model: Blip2, prompts: Sequence[str]) -> Predict:
    """Answer batches of stored images with P(positive class), (B, 1) float32.

    Args:
        model: on any device, evaluating.
        prompts: of the negative and the positive class.
    """
    with torch.no_grad():
        texts = model.encode_text(model.pieces(prompts).to(model.device))

    def predict(batches: Iterable[Batch]) -> Iterator[tuple[Batch, Answers]]:
        for batch in batches:
            with torch.no_grad():
                images = torch.from_numpy(batch.images).to(model.device)
                score = model.score(model.prompt_cosines(images, texts))
            yield batch, {RECORDED: score.cpu().numpy()}

    return predict


def torch_masks(model: nn.Module, prepare: SegmentationInput) -> Predict:
    """Answer batches of stored images with class masks, (B, H, W) uint8 at native size.

    Args:
        model: pixels (B, 3, S, S) to logits, on the device of `prepare`.
        prepare: the input stage for images of this size.
    """

    def predict(batches: Iterable[Batch]) -> Iterator[tuple[Batch, Answers]]:
        for batch in batches:
            with torch.no_grad():
                images = torch.from_numpy(batch.images).to(prepare.zoom.device)
                classes = model(prepare(images)).argmax(dim=1).to(torch.uint8)
            yield batch, {RECORDED: prepare.restore(classes).cpu().numpy()}

    return predict
