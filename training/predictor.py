"""A torch model as a `Predict`, so that training is evaluated by the same code as the audit."""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from fairness.arrays import Array
from fairness.evaluate import Predict
from fairness.samples import Batch
from training.models.clip import Clip
from training.models.prompts import zero_shot_score


def torch_predict(model: Clip, prompts: Tensor) -> Predict:
    """Answer batches of stored images with P(positive class), (B, 1) float32.

    Args:
        model: on any device.
        prompts: (2, E) unit features of the negative and the positive prompt, on that device.
    """

    def predict(batches: Iterable[Batch]) -> Iterator[tuple[Batch, Array]]:
        for batch in batches:
            with torch.no_grad():
                images = torch.from_numpy(batch.images).to(prompts.device)
                score = zero_shot_score(model.encode_image(images), prompts)
            yield batch, score.cpu().numpy()

    return predict
