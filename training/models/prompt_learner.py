"""Learned prompts: a few free token vectors before each class name, read by a frozen text tower."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextModel

from fairness.clip_tokens import CONTEXT
from fairness.errors import UsageError
from training.models.prompts import tokenize

CONTEXT_STD = 0.02


class PromptLearner(nn.Module):
    """Unit features (N, C, E) of N prompts for each of C classes.

    A prompt is [start][learned vectors][class name][.][end]; all classes share the vectors. (Zhou
    et al., CoOp, IJCV 2022.) Only `ctx`, (N, vectors, width), is trained.
    """

    tokens: Tensor

    def __init__(
        self,
        text: CLIPTextModel,
        projection: nn.Linear,
        class_names: tuple[str, ...],
        n_prompts: int,
        n_ctx: int,
    ) -> None:
        """Freeze the text tower and its projection, and draw `ctx` from N(0, 0.02).

        Raises:
            UsageError: a class name is too long for the text tower.
        """
        super().__init__()
        self.text = text.requires_grad_(False)
        self.projection = projection.requires_grad_(False)
        tokens = tokenize([f"{name}." for name in class_names])
        longest = int(tokens.argmax(dim=1).max()) + 1  # the end token has the largest id
        if longest + n_ctx > CONTEXT:
            raise UsageError(f"{class_names} and {n_ctx} vectors are over {CONTEXT} tokens")
        self.register_buffer("tokens", tokens[:, :longest], persistent=False)
        self.ends = (tokens.argmax(dim=1) + n_ctx).tolist()
        width = text.config.hidden_size
        self.ctx = nn.Parameter(CONTEXT_STD * torch.randn(n_prompts, n_ctx, width))

    def forward(self) -> Tensor:
        """The prompts' features; constant once training is over."""
        n_prompts, n_ctx, width = self.ctx.shape
        words = self.text.embeddings.token_embedding(self.tokens)  # (C, L, W)
        classes, length, _ = words.shape
        words = words.expand(n_prompts, -1, -1, -1)
        ctx = self.ctx.unsqueeze(1).expand(-1, classes, -1, -1)
        texts = torch.cat([words[:, :, :1], ctx, words[:, :, 1:]], dim=2).flatten(0, 1)
        future = torch.full((length + n_ctx, length + n_ctx), -torch.inf).triu(1).to(texts)
        hidden = self.text.encoder(
            inputs_embeds=self.text.embeddings(inputs_embeds=texts),
            attention_mask=future.expand(len(texts), 1, -1, -1),
        ).last_hidden_state
        hidden = self.text.final_layer_norm(hidden).view(n_prompts, classes, -1, width)
        ends = torch.stack([hidden[:, c, end] for c, end in enumerate(self.ends)], dim=1)
        return functional.normalize(cast(Tensor, self.projection(ends)), dim=-1)
