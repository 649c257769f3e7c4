"""Pretrained weights of CLIP through one door, from wherever and in whichever layout they are.

A name on the Hugging Face hub, a folder as `transformers` or open_clip write it, or a file
(`weight_file.py`) with the names of `transformers` or of OpenAI. docs/methods.md lists what is
taken and what is refused.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError
from torch import Tensor
from transformers import CLIPModel

from fairness.errors import UsageError
from training.models.clip_folder import LAYOUTS, activation_in
from training.models.clip_sizes import SIZES, Activation, Preset
from training.models.openai_clip import fill, misfit, openai_name
from training.models.weight_file import read_state
from training.runlog import LOG

FOREIGN = {
    "visual.layer1.": "a ResNet as its image tower",
    "visual.trunk.": "an image tower of timm",
    "text_encoder.": "another text tower",
    "text.transformer.": "another text tower",
}
"""Beginnings of names that only other architectures have."""


def load(weights: str, preset: Preset) -> CLIPModel:
    """A CLIP of a preset's sizes with pretrained weights, in float32 on the CPU.

    Args:
        weights: a file, a folder, or a name on the Hugging Face hub.
        preset: name of the sizes.

    Raises:
        UsageError: nothing is there, it is damaged or hostile, or it belongs to another
            architecture; names the file and what is wrong with it.
    """
    file, activation = _located(weights, preset)
    found = read_state(file)
    own_names = any(name.startswith("vision_model.") for name in found)
    name_of: Callable[[str], str] = str if own_names else openai_name
    for name in found:
        for beginning, what in FOREIGN.items():
            if name.startswith(beginning):
                raise UsageError(
                    f"{file}: {name} belongs to {what}, which no preset has; docs/methods.md "
                    "lists the layouts of CLIP that are taken"
                )
    if activation is None:
        LOG.info(f"{file} does not name its activation: taken to be QuickGELU, as OpenAI's")
    if reason := _misfit(preset, found, name_of):
        fitting = [other for other in SIZES if _misfit(other, found, name_of) is None]
        advice = (
            f"these are weights of --preset {fitting[0]}"
            if fitting
            else (f"name weights of {preset}, or choose another --preset")
        )
        raise UsageError(f"{file} {reason}; {advice}")
    model = CLIPModel(SIZES[preset].config(activation or "quick_gelu"))
    try:
        fill(model.state_dict(), found, name_of)
    except ValueError as error:
        raise UsageError(f"{file} {error}; get it again") from None
    return model


def _located(weights: str, preset: Preset) -> tuple[Path, Activation | None]:
    """The file of weights, and the activation that lies beside it in words."""
    path = Path(weights)
    if path.is_file():
        return path, None
    if path.is_dir():
        return _within(lambda name: path / name if (path / name).is_file() else None, path, preset)
    hub = SIZES[preset].hub
    if hub is None:
        raise UsageError(
            f"{weights}: no such file or folder; the preset {preset} starts from random weights: "
            "leave --weights out"
        )
    try:
        return _within(lambda name: _from_hub(weights, name), path, preset)
    except UsageError:
        raise
    except Exception:  # no such name, no network, no access
        folder = f"weights/{hub.partition('/')[2]}"
        raise UsageError(
            f"no CLIP weights at '{weights}', and no hub in reach; get them once with `hf download "
            f"{hub} --local-dir {folder}` and pass --weights {folder}, or use --preset tiny"
        ) from None


def _within(
    get: Callable[[str], Path | None], source: Path, preset: Preset
) -> tuple[Path, Activation]:
    for description, names in LAYOUTS.items():
        if (described := get(description)) is None:
            continue
        activation = activation_in(described, SIZES[preset])
        for name in names:
            if (file := get(name)) is not None:
                return file, activation
    wanted = " or ".join(
        f"{description} beside {names[0]}" for description, names in LAYOUTS.items()
    )
    raise UsageError(f"{source} holds no CLIP weights: {wanted} is needed")


def _from_hub(repository: str, name: str) -> Path | None:
    try:
        return Path(hf_hub_download(repository, name))
    except LocalEntryNotFoundError:
        if name in LAYOUTS:  # not even a description can be had
            raise
        return None
    except EntryNotFoundError:
        return None


def _misfit(
    preset: Preset, found: Mapping[str, Tensor], name_of: Callable[[str], str]
) -> str | None:
    with torch.device("meta"):  # names and shapes alone
        network = CLIPModel(SIZES[preset].config())
    return misfit(network.state_dict(), found, name_of)
