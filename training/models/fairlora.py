"""FairLoRA's model: CLIP with learned prompts and, in its image tower, layers adapted by group.

The federated baselines are the same model with another adapter or head: PromptFL `none`, FedOTP
`none` with the head `ot`, LoRA, SVLoRA, and FedAvg of the full image tower. docs/methods.md says
what follows the paper and what its authors' code.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self, TypeAlias, cast

import torch
from torch import Tensor, nn
from transformers import CLIPModel, CLIPTextConfig, CLIPTextModelWithProjection

from fairness.errors import DataError, UsageError
from training.checkpoint import Stored
from training.models import clip
from training.models.clip_rn50 import RN50, TINY, ModifiedResNet
from training.models.clip_sizes import SIZES, Preset
from training.models.clip_vit import PatchTransformer
from training.models.fairlora_input import FairLoRAInput, Modality, require_shape
from training.models.low_rank import LowRank, initial_diagonals, per_slice, table_rows
from training.models.openai_clip import load_openai
from training.models.patch_head import mean_logits, transport_logits
from training.models.prompt_learner import PromptLearner

Backbone: TypeAlias = Literal["tiny", "tiny-rn", "vit-b16", "rn50"]
Adapter: TypeAlias = Literal["fairlora", "svlora", "lora", "none", "full"]


@dataclass(frozen=True, kw_only=True)
class FairLoRAConfig:
    """Architecture of a model, as its checkpoint stores it."""

    backbone: Backbone = "tiny"
    adapter: Adapter = "fairlora"
    """`fairlora` by group, `svlora` one diagonal for all, `lora` none, `none` prompts alone,
    `full` the whole image tower."""
    n_groups: int = 3
    rank: int = 12
    """12 for ViT, 32 for RN50 in the paper."""
    alpha: float = 2.0
    """2 for ViT, 8 for RN50 in the paper."""
    lam: float = 0.7
    """Weight of a sample's own group: 0.7 in the released code, 1 in the paper's figure."""
    head: Literal["mean", "ot"] = "mean"
    n_prompts: int = 2
    n_ctx: int = 4
    """Learned vectors of a prompt."""
    class_names: tuple[str, str] = ("NOT Glaucoma", "Glaucoma")
    """The negative class, then the positive."""
    modality: Modality = "slo"
    input_shape: tuple[int, ...] = (664, 512)
    """(H, W) as stored, (D, H, W) of an OCT volume."""
    aggregate_bn_stats: bool = True
    """Whether running statistics of batch norms travel with the trained tensors."""

    def __post_init__(self) -> None:
        """Raises UsageError where the settings do not fit each other."""
        require_shape(self.modality, self.input_shape)
        if min(self.n_groups, self.n_prompts, self.n_ctx) < 1 or not 0 <= self.lam <= 1:
            raise UsageError("groups, prompts and context must be 1 or more, lam within 0..1")
        if self.diagonals is not None:
            initial_diagonals(self.rank, self.diagonals)

    @property
    def diagonals(self) -> int | None:
        """Rows of S in the layers that are adapted by group; None: they have no S."""
        return {"fairlora": self.n_groups, "svlora": 1}.get(self.adapter)


class FairLoRA(nn.Module):
    """Stored images and group codes in, two logits out."""

    def __init__(
        self,
        config: FairLoRAConfig,
        visual: PatchTransformer | ModifiedResNet,
        text: CLIPModel | CLIPTextModelWithProjection,
        logit_scale: nn.Parameter,
    ) -> None:
        """Freeze the towers, draw the prompts' vectors and insert the adapters."""
        super().__init__()
        self.config = config
        self.visual = visual.requires_grad_(config.adapter == "full")
        self.logit_scale = logit_scale.requires_grad_(False)
        self.prompts = PromptLearner(
            text.text_model,
            text.text_projection,
            config.class_names,
            config.n_prompts,
            config.n_ctx,
        )
        self.input = FairLoRAInput(config.modality, config.input_shape, visual.image_size)
        if config.adapter in ("fairlora", "svlora", "lora"):
            _adapt(visual, config)

    def forward(self, images: Tensor, groups: Tensor) -> Tensor:
        """Logits (B, 2) of the negative and the positive class; P(positive) is their softmax's.

        Args:
            images: (B, H, W) or (B, D, H, W) uint8 of the shape the model was built for.
            groups: (B,) int64 in 0..n_groups - 1, or -1 for unknown; only FairLoRA looks at them.

        Raises:
            DataError: the images are of another type or shape.
            IndexError: a group is out of range.
        """
        return self.answer(images, groups, self.prompts())

    def answer(self, images: Tensor, groups: Tensor, prompts: Tensor) -> Tensor:
        """As `forward`, from the prompts' features (N, 2, E), which export makes constant."""
        slices = self.input.slices
        rows = per_slice(table_rows(groups, self.config.n_groups), slices)
        patches = self.visual(self.input(images), rows)  # (B * slices, M, E)
        if self.config.head == "ot":
            logits = transport_logits(patches, prompts)
        else:
            logits = mean_logits(patches, prompts, self.logit_scale.exp())
        return logits.view(-1, slices, logits.shape[-1]).mean(dim=1)

    def train(self, mode: bool = True) -> Self:
        """As usual, but that batch norms of a wholly frozen image tower keep their statistics."""
        super().train(mode)
        self.visual.train(mode and self.config.adapter != "none")
        return self

    def trainable_state(self) -> dict[str, Tensor]:
        """Copies of all tensors that leave a client, in a fixed order.

        Diagonals by group are named `*.S`. With `aggregate_bn_stats` the running statistics of
        trained batch norms come last.
        """
        return {name: tensor.detach().clone() for name, tensor in self._exchanged().items()}

    def load_trainable(self, state: Mapping[str, Tensor]) -> None:
        """Load tensors from `trainable_state`.

        Raises:
            DataError: names or shapes are those of another architecture.
        """
        own = self._exchanged()
        if own.keys() != state.keys():
            odd = min(own.keys() ^ state.keys())
            raise DataError(f"the tensors are another model's: '{odd}' is on one side only")
        for name, tensor in own.items():
            if tensor.shape != state[name].shape:
                shapes = f"{tuple(state[name].shape)}, not {tuple(tensor.shape)}"
                raise DataError(f"the tensors are another model's: '{name}' is {shapes}")
        with torch.no_grad():
            for name, tensor in own.items():
                tensor.copy_(state[name])

    def _exchanged(self) -> dict[str, Tensor]:
        trained: dict[str, Tensor] = {n: p for n, p in self.named_parameters() if p.requires_grad}
        if not self.config.aggregate_bn_stats or self.config.adapter == "none":
            return trained
        statistics = ("running_mean", "running_var")
        return trained | {n: b for n, b in self.named_buffers() if n.endswith(statistics)}


def build(config: FairLoRAConfig, weights: str | None = None) -> FairLoRA:
    """The model in float32, in eval mode.

    Args:
        config: its architecture.
        weights: None for random ones (from torch's global generator); for `vit-b16` a folder or a
            name on the hub, for `rn50` a file of OpenAI's state dict.

    Raises:
        UsageError: the weights are not there, or belong to another architecture.
    """
    if config.backbone in ("tiny", "vit-b16"):
        preset: Preset = "tiny" if config.backbone == "tiny" else "vit-b16"
        towers = clip.build(preset, weights).towers
        visual = PatchTransformer(towers.vision_model, towers.visual_projection)
        return FairLoRA(config, visual, towers, towers.logit_scale).eval()
    if config.backbone == "tiny-rn" and weights is not None:
        raise UsageError("the preset tiny-rn starts from random weights: leave --weights out")
    shape = TINY if config.backbone == "tiny-rn" else RN50
    resnet = ModifiedResNet(shape)
    text = CLIPTextModelWithProjection(_text_config(config.backbone))
    logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))  # where CLIP's training starts
    if weights is not None:
        load_openai(weights, resnet, text, logit_scale)
    return FairLoRA(config, resnet, text, logit_scale).eval()


def restore(stored: Stored) -> FairLoRA:
    """The model of a checkpoint whose architecture is `asdict` of a FairLoRAConfig, on the CPU.

    Raises:
        DataError: the checkpoint's architecture is not that, or its tensors do not fit it.
    """
    with stored.building("FairLoRA"):
        model = build(stored.configuration(FairLoRAConfig, "FairLoRA"))
    stored.fill(model)
    return model


def _text_config(backbone: Backbone) -> CLIPTextConfig:
    if backbone == "tiny-rn":
        text = cast(CLIPTextConfig, SIZES["tiny"].config().text_config)
        text.projection_dim = TINY.features
        return text
    return CLIPTextConfig(eos_token_id=49407, projection_dim=RN50.features)


def _adapt(visual: PatchTransformer | ModifiedResNet, config: FairLoRAConfig) -> None:
    placed = [(*place, config.diagonals) for place in visual.grouped_layers()]
    placed += [(*place, None) for place in visual.plain_layers()]
    for owner, name, rows in placed:
        base = cast(nn.Linear | nn.Conv2d, getattr(owner, name))
        layer = LowRank(base, config.rank, config.alpha, groups=rows, lam=config.lam)
        setattr(owner, name, layer)
    for module in visual.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.requires_grad_(True)
