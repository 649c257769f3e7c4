"""FairSeg's networks as they are served: stored images in, class masks at native size out."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from export.servable import IMAGE, Servable
from training.checkpoint import Stored
from training.checkpoint_record import FairSegRecord
from training.models.segmentation_input import SegmentationInput
from training.models.segmenter import restore


class ServableMasks(nn.Module):
    """Crop, resample, segment, take the likeliest class, and put it back in its place."""

    def __init__(self, prepare: SegmentationInput, network: nn.Module, probabilities: bool) -> None:
        """Args: input stage and network of one size; whether to answer probabilities as well."""
        super().__init__()
        self.prepare, self.network, self.probabilities = prepare, network, probabilities
        self.eval()

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Answer (B, H, W) uint8 images.

        Returns:
            Masks (B, H, W) uint8: 0 background, 1 rim, 2 cup. Logits (B, 3, S, S), on which parity
            is judged; they are cut off the graph that is served. And, if asked for, probabilities
            (B, 3, H, W), resampled as the mask is: their arg-max is the mask.
        """
        logits = self.network(self.prepare(image))
        if not self.probabilities:
            return self.prepare.restore(_likeliest(logits)), logits
        shares = functional.softmax(logits, dim=1)
        found = [self.prepare.restore(shares[:, c]) for c in range(shares.shape[1])]
        outside = 1 - self.prepare.restore(torch.ones_like(shares[:, 0]))
        found[0] = found[0] + outside  # all is background there
        # Of the shares, not of the logits: where rounding makes two alike, both still agree.
        return self.prepare.restore(_likeliest(shares)), logits, torch.stack(found, dim=1)


def _likeliest(scores: Tensor) -> Tensor:
    return scores.argmax(dim=1).to(torch.uint8)


def servable_masks(stored: Stored, record: FairSegRecord, probabilities: bool) -> Servable:
    """The servable of a FairSeg checkpoint; adapters are merged into the layers they adapt."""
    network = restore(stored, record.model, for_export=True)
    height, width = record.image_shape
    prepare = SegmentationInput(
        height, width, record.crop, network.image_size, compat=record.compat
    )
    outputs = ("mask", "logit", *(("probabilities",) if probabilities else ()))
    return Servable(
        module=ServableMasks(prepare, network, probabilities),
        method=f"{record.model} ({record.fair_mode})",
        task="segmentation",
        dataset=record.dataset,
        target=record.target,
        attribute=record.attribute if record.fair_mode != "none" else None,
        class_names=record.class_names,
        threshold=None,
        image_shape=record.image_shape,
        group_input=None,
        inputs=(IMAGE,),
        outputs=outputs,
        trials=((1, height, width), (3, height, width)),
        n_probes=4,
    )
