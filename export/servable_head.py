"""A probe, or a fine-tuned encoder with its head, as it is served."""

import torch
from torch import Tensor, nn

from export.servable import IMAGE, TOKENS, Servable
from export.servable_clip import SHAPES
from fairness.contract import TextInput
from training.checkpoint import Stored
from training.checkpoint_record import HeadRecord
from training.models.classifier import Classifier, restore


class ServableHead(nn.Module):
    """Stored images, and tokens of notes where the model reads them, to a probability."""

    def __init__(self, model: Classifier) -> None:
        super().__init__()
        self.model = model
        self.eval()

    def forward(self, image: Tensor, tokens: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Answer (B, H, W) uint8 images, and tokens (B, 77) int64.

        Returns:
            P(positive), (B, 1), and its logit (B, 1), on which parity is judged.
        """
        logit: Tensor = self.model(image, tokens)
        return torch.sigmoid(logit), logit


def text_input_of(record: HeadRecord) -> TextInput | None:
    """The notes that the model reads; None where it reads none."""
    if record.features == "image":
        return None
    return TextInput(name=TOKENS, characters=record.note_characters)


def servable_head(stored: Stored, record: HeadRecord) -> Servable:
    """The servable of the checkpoint of a head."""
    text = text_input_of(record)
    return Servable(
        module=ServableHead(restore(stored)),
        method=f"{record.method} ({record.head} head on {record.features})",
        task="classification",
        dataset=record.dataset,
        target=record.target,
        attribute=record.attribute or None,
        class_names=record.class_names,
        threshold=record.threshold,
        image_shape=None,
        group_input=None,
        inputs=(IMAGE, TOKENS) if text else (IMAGE,),
        outputs=("probability", "logit"),
        trials=SHAPES,
        n_probes=8,
        text_input=text,
    )
