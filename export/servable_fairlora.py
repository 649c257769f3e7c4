"""FairLoRA as it is served: the group as a second input, or one group's weights merged for good."""

import copy
from dataclasses import replace

import torch
from torch import Tensor, nn

from export.servable import GROUP, IMAGE, Servable
from fairness.attributes import UNKNOWN, UNKNOWN_LABEL
from fairness.contract import GroupInput
from fairness.errors import UsageError
from training.checkpoint import Stored
from training.checkpoint_record import FairLoRARecord
from training.models.fairlora import FairLoRA, restore
from training.models.low_rank import LowRank


class ServableFairLoRA(nn.Module):
    """Stored images, and groups where the model asks for them, to a probability."""

    prompts: Tensor

    def __init__(self, model: FairLoRA) -> None:
        """Args: a trained model; its prompts are encoded once and for all."""
        super().__init__()
        self.model = model
        with torch.no_grad():
            self.register_buffer("prompts", model.prompts().clone())
        self.eval()

    def forward(self, image: Tensor, group: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Answer uint8 images (B, ...) of people of the groups (B, 1) int64, -1 for unknown.

        Returns:
            P(positive), (B, 1), and the logits (B, 2), on which parity is judged.
        """
        codes = image.new_full(image.shape[:1], UNKNOWN, dtype=torch.int64)
        logits = self.model.answer(image, codes if group is None else group[:, 0], self.prompts)
        return logits.softmax(dim=1)[:, 1:], logits


def servable_fairlora(stored: Stored, record: FairLoRARecord, merge_group: str | None) -> Servable:
    """The servable of a FairLoRA checkpoint, or of a federated baseline.

    Raises:
        UsageError: there is no such group, or the model knows none.
    """
    model = restore(stored)
    config = model.config
    takes = None
    if config.adapter == "fairlora":
        settings = {"rank": float(config.rank), "alpha": config.alpha, "lam": config.lam}
        takes = GroupInput(
            name=GROUP, attribute=record.attribute, groups=record.groups, settings=settings
        )
    served = Servable(
        module=ServableFairLoRA(model),
        method=f"{record.variant} (federated over {len(record.sites)} sites)",
        task="classification",
        dataset=record.dataset,
        target=record.target,
        attribute=record.attribute,
        class_names=record.class_names,
        threshold=record.threshold,
        image_shape=record.image_shape,
        group_input=takes,
        inputs=(IMAGE, GROUP) if takes else (IMAGE,),
        outputs=("probability", "logit"),
        trials=((4, *record.image_shape), (3, *record.image_shape)),
        n_probes=8,
    )
    if merge_group is None:
        return served
    known = (*record.groups, UNKNOWN_LABEL) if takes else ()
    if merge_group not in known:
        raise UsageError(
            f"--merge-group {merge_group}: the model knows the groups {', '.join(known) or 'none'}"
        )
    code = record.groups.index(merge_group) if merge_group in record.groups else UNKNOWN
    return replace(
        served,
        module=ServableFairLoRA(merged(model, code)),
        method=f"{served.method}, merged for {record.attribute} {merge_group}",
        group_input=None,
        inputs=(IMAGE,),
    )


def merged(model: FairLoRA, code: int) -> FairLoRA:
    """A copy whose adapted layers are plain ones, with one group's weights (-1: unknown)."""
    copied = copy.deepcopy(model)
    for owner in list(copied.modules()):
        for name, layer in list(owner.named_children()):
            if isinstance(layer, LowRank):
                with torch.no_grad():
                    layer.base.weight.copy_(layer.merged_weight(code))
                setattr(owner, name, layer.base)
    return copied
