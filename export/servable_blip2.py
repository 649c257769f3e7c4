"""BLIP-2 as it is served: stored uint8 images in, P(positive class) out; the texts are constant."""

import torch
from torch import Tensor, nn

from export.servable import IMAGE, Servable
from training.checkpoint import Stored
from training.checkpoint_record import Blip2Record
from training.models.blip2 import Blip2, restore

SHAPES = ((4, 664, 512), (4, 480, 640), (4, 200, 200))
"""(B, H, W) tried: portrait as in FairVLMed, landscape, and one that must be enlarged."""


class ServableBlip2(nn.Module):
    """BLIP-2's image side against two constant prompts, from raw pixels to a probability."""

    prompts: Tensor

    def __init__(self, model: Blip2, prompts: Tensor) -> None:
        """Args: a trained model; unit text features (2, E) of the negative and positive prompt."""
        super().__init__()
        self.model = model
        self.register_buffer("prompts", prompts.detach().clone())
        self.eval()

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Answer (B, H, W) uint8 images.

        Returns:
            P(positive), (B, 1), by the rule that training scores with. And the largest cosines of a
            query with each prompt, (B, 2), on which parity is judged; they are cut off the graph
            that is served.
        """
        cosines = self.model.prompt_cosines(image, self.prompts)
        return self.model.score(cosines), cosines


def servable_blip2(stored: Stored, record: Blip2Record) -> Servable:
    """The servable of a BLIP-2 checkpoint."""
    model = restore(stored)
    with torch.no_grad():
        prompts = model.encode_text(model.pieces(record.prompts))
    return Servable(
        module=ServableBlip2(model, prompts),
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
