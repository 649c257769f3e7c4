"""A trained model of any method as the exporter takes it: module, names and shapes, facts."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from fairness.arrays import Array, IntArray
from fairness.clip_tokens import clip_tokens
from fairness.contract import GroupInput, TextInput, Threshold
from fairness.probes import probe_image

IMAGE, GROUP, TOKENS = "image", "group", "tokens"
MAX_BATCH_SIZE = {"classification": 32, "segmentation": 8}
"""Masks at native size take memory: 8 of them keep a request near 4 MB."""


@dataclass(frozen=True, kw_only=True)
class Servable:
    """A torch module that answers stored images, and how it describes itself."""

    module: nn.Module
    """(image uint8 (B, ...)[, group int64 (B, 1)][, tokens int64 (B, 77)]) > a tensor for each of
    `outputs`."""
    method: str
    task: Literal["classification", "segmentation"]
    dataset: str
    target: str
    attribute: str | None
    class_names: tuple[str, ...]
    threshold: Threshold | None
    image_shape: tuple[int, ...] | None
    """The only shape of an image that it takes; None: any (H, W)."""
    group_input: GroupInput | None
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    """Names: the answer, then what parity is judged on besides (cut off the served graph), then
    anything else that is served."""
    trials: tuple[tuple[int, ...], ...]
    """Batches (B, H, W) or (B, D, H, W) on which parity is tried."""
    n_probes: int
    text_input: TextInput | None = None

    @property
    def answer(self) -> str:
        """Name of the output that is audited."""
        return self.outputs[0]

    @property
    def detail(self) -> str:
        """Name of the output that only parity looks at."""
        return self.outputs[1]

    def trial(self, rng: np.random.Generator, shape: tuple[int, ...]) -> dict[str, Array]:
        """Random inputs by name: images (B, ...), and groups where the model takes them."""
        images = np.stack([probe_image(rng, *shape[1:]) for _ in range(shape[0])])
        inputs: dict[str, Array] = {IMAGE: images}
        if self.group_input is not None:
            codes: IntArray = np.arange(shape[0]) % (len(self.group_input.groups) + 1) - 1
            inputs[GROUP] = codes[:, None]
        if self.text_input is not None:
            inputs[TOKENS] = clip_tokens(trial_texts(shape[0]))
        return inputs

    def run(self, inputs: dict[str, Array]) -> list[Array]:
        """Answers of torch: an array for each of `outputs`."""
        with torch.no_grad():
            found: tuple[Tensor, ...] = self.module(
                *(torch.from_numpy(inputs[name]) for name in self.inputs)
            )
        return [part.numpy() for part in found]


def trial_texts(n: int) -> tuple[str, ...]:
    """Short notes of different lengths, by which a model that reads notes is tried."""
    words = ("optic disc", "cupping", "of the left eye", "pressure 24", "field loss", "no change")
    return tuple(", ".join(words[i % 6 : i % 6 + 1 + i % 4]) for i in range(n))
