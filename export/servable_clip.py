"""FairCLIP as it is served: stored uint8 images in, P(positive class) out, all in one graph."""

import torch
from torch import Tensor, nn

from export.servable import IMAGE, Servable
from training.checkpoint import Stored
from training.checkpoint_record import FairCLIPRecord
from training.models.clip import Clip, restore
from training.models.prompts import tokenize, zero_shot_score

SHAPES = ((4, 664, 512), (4, 480, 640), (4, 200, 200))
"""(B, H, W) tried: portrait as in FairVLMed, landscape, and one that must be enlarged."""


class ServableClip(nn.Module):
    """CLIP's image tower against two constant prompts, from raw pixels to a probability."""

    prompts: Tensor

    def __init__(self, clip: Clip, prompts: Tensor) -> None:
        """Args: a trained model; unit text features (2, E) of the negative and positive prompt."""
        super().__init__()
        self.clip = clip
        self.register_buffer("prompts", prompts.detach().clone())
        self.eval()

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Answer (B, H, W) uint8 images.

        Returns:
            P(positive), (B, 1), by the rule that training scores with. And the cosines to the
            prompts, (B, 2), on which parity is judged; they are cut off the graph that is served.
        """
        features = self.clip.encode_image(image)  # (B, E)
        return zero_shot_score(features, self.prompts), features @ self.prompts.T


def servable_clip(stored: Stored, record: FairCLIPRecord) -> Servable:
    """The servable of a FairCLIP checkpoint."""
    clip = restore(stored)
    with torch.no_grad():
        prompts = clip.encode_text(tokenize(record.prompts))
    return Servable(
        module=ServableClip(clip, prompts),
        method=f"{record.method} ({record.fair_mode} mode)",
        task="classification",
        dataset=record.dataset,
        target=record.target,
        attribute=record.attribute if record.fair_mode != "none" else None,
        class_names=record.class_names,
        threshold=record.threshold,
        image_shape=None,
        group_input=None,
        inputs=(IMAGE,),
        outputs=("probability", "cosine"),
        trials=SHAPES,
        n_probes=8,
    )
