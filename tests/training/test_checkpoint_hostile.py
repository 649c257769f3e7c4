"""Checkpoints and states that are consistent, and wrong: nothing is cast or run in silence."""

import hashlib
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from transformers import CLIPModel

from fairness.contract import Threshold
from fairness.errors import DataError, UsageError
from training import checkpoint
from training.checkpoint import DOCUMENT, WEIGHTS
from training.checkpoint_record import FairCLIPRecord
from training.models import clip
from training.models.clip_sizes import SIZES
from training.models.clip_weights import load
from training.resume import Progress, load_state, save_state

RECORD = FairCLIPRecord(
    preset="tiny",
    dataset="fairvlmed",
    target="glaucoma",
    threshold=Threshold(value=0.5, rule="youden", split="val", split_sha256="ab"),
)


class Hostile:
    """Makes a file where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.mark}",)


def changed(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads((folder / DOCUMENT).read_text())
    change(document)
    (folder / DOCUMENT).write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (torch.zeros(2, 3, dtype=torch.float16), "weight is torch.float16, not torch.float32"),
        (torch.zeros(2, 3, dtype=torch.int64), "weight is torch.int64, not torch.float32"),
        (torch.zeros(2, 3, dtype=torch.bool), "weight is torch.bool, not torch.float32"),
        (torch.zeros(2, 3, dtype=torch.complex64), "weight is torch.complex64"),
        (torch.full((2, 3), torch.nan), "weight is not finite"),
        (torch.full((2, 3), torch.inf), "weight is not finite"),
        (torch.zeros(3, 2), "size mismatch"),
    ],
)
def test_tensors_of_another_kind_are_refused(
    tmp_path: Path, tensor: torch.Tensor, message: str
) -> None:
    checkpoint.save(tmp_path, {"weight": tensor, "bias": torch.zeros(2)}, {}, RECORD)
    with pytest.raises(DataError, match=message):
        checkpoint.load(tmp_path).fill(nn.Linear(3, 2))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hidden_size", "x"), ("hidden_size", -1), ("hidden_size", 0),
        ("num_attention_heads", 3), ("hidden_act", "nope"), ("patch_size", None),
    ],
)  # fmt: skip
def test_an_architecture_that_cannot_be_built_is_one_line(
    tmp_path: Path, key: str, value: object
) -> None:
    model = clip.build("tiny", None)
    architecture = model.towers.config.to_dict()
    checkpoint.save(tmp_path, model.state_dict(), architecture, RECORD)
    changed(tmp_path, lambda d: d["architecture"]["vision_config"].update({key: value}))
    with pytest.raises(DataError, match="holds no CLIP model|does not fit"):
        clip.restore(checkpoint.load(tmp_path))


@pytest.mark.parametrize("text", ["[" * 100_000, '{"format": NaN}', '{"format": 2, "x": 1e999}'])
def test_an_odd_document_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / DOCUMENT).write_text(text)
    with pytest.raises(DataError, match="not a checkpoint's JSON"):
        checkpoint.load(tmp_path)


def test_weights_that_are_a_pickle_say_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps(Hostile(tmp_path / "run")))
    with pytest.raises(DataError, match=r"pytorch_model\.bin, which could run code"):
        checkpoint.load(tmp_path)
    content = (tmp_path / "pytorch_model.bin").read_bytes()
    checkpoint.save(tmp_path, {"weight": torch.zeros(1)}, {}, RECORD)
    (tmp_path / WEIGHTS).write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    changed(tmp_path, lambda d: d.update(weights_sha256=sha256))
    with pytest.raises(DataError, match="no safetensors file"):
        checkpoint.load(tmp_path)
    assert not (tmp_path / "run").exists()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the Hugging Face hub has them, with weights in torch's own format."""
    folder = tmp_path_factory.mktemp("published")
    model = CLIPModel(SIZES["tiny"].config())
    model.save_pretrained(folder)
    (folder / "model.safetensors").unlink()
    return folder


def state() -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = CLIPModel(SIZES["tiny"].config()).state_dict()
    return found


def test_published_weights_that_are_a_pickle_are_read_without_running_it(
    published: Path, tmp_path: Path
) -> None:
    weights, tensors = published / "pytorch_model.bin", state()
    torch.save(tensors, weights)
    found = load(str(published), "tiny")
    assert torch.equal(found.logit_scale, tensors["logit_scale"])
    torch.save({"logit_scale": Hostile(tmp_path / "run")}, weights)
    with pytest.raises(UsageError, match=r"not readable as weights \(UnpicklingError\)"):
        load(str(published), "tiny")
    assert not (tmp_path / "run").exists()


def test_published_weights_that_lack_a_tensor_are_refused(published: Path) -> None:
    tensors = {n: t for n, t in state().items() if n != "visual_projection.weight"}
    torch.save(tensors, published / "pytorch_model.bin")
    with pytest.raises(UsageError, match=r"lacks visual_projection\.weight; name weights of tiny"):
        load(str(published), "tiny")


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.update(identity=[1]),
        lambda s: s.update(progress={"epochs": "many"}),
        lambda s: s.update(progress={"epochs": -1}),
        lambda s: s.update(model={"weight": 3}),
        lambda s: s.update(optimizer="x"),
        lambda s: s["optimizer"].update(param_groups=[]),
        lambda s: s.pop("model"),
    ],
    ids=range(7),
)
def test_a_state_of_another_kind_is_one_line(
    tmp_path: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    model = nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    save_state(tmp_path, model, optimizer, Progress(epochs=2, best_epoch=1, best=0.5), {"lr": "1"})
    assert load_state(tmp_path, model, optimizer, {"lr": "1"}).epochs == 2
    content: dict[str, Any] = torch.load(tmp_path / "state.pt", weights_only=True)
    change(content)
    torch.save(content, tmp_path / "state.pt")
    with pytest.raises(DataError, match=r"state\.pt: damaged \(\w+\); remove it"):
        load_state(tmp_path, model, optimizer, {"lr": "1"})


def test_a_state_that_is_a_pickle_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "state.pt").write_bytes(pickle.dumps(Hostile(tmp_path / "run")))
    model = nn.Linear(3, 2)
    with pytest.raises(DataError, match="damaged"):
        load_state(tmp_path, model, torch.optim.AdamW(model.parameters()), {})
    assert not (tmp_path / "run").exists()
