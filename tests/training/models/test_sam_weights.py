"""Files of the original: a 1024-pixel SAM into a smaller SAMed, SAMed's own files both ways."""

import copy
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import original_sam
import pytest
import safetensors.torch
import torch
from small_samed import SMALL, adapted, pixels
from torch import Tensor

from fairness.errors import DataError, UsageError
from training.models.sam_names import by_original_name
from training.models.sam_weights import DROPPED, load_lora, load_sam, save_lora
from training.models.samed import VIT_B, Samed, SamedConfig

# Block 2 has windows here; so has block 12, whose number holds the digit of a global one.
DEEP = replace(SMALL, depth=13, global_blocks=(1, 11))


def named(model: Samed) -> dict[str, Tensor]:
    """Copies of the model's tensors by the original's names."""
    state = model.state_dict()
    return {name: state[ours].clone() for name, ours in by_original_name(state).items()}


def published(config: SamedConfig) -> dict[str, Tensor]:
    """A SAM of these widths as its authors publish it: 1024 pixels, four masks."""
    torch.manual_seed(5)
    return original_sam.random_state(replace(config, image_size=1024))


def linear(table: Tensor, rows: int) -> npt.NDArray[np.float64]:
    """Linear resampling along the first axis between pixel centres, by numpy."""
    values = table.double().numpy().reshape(len(table), -1)
    centres = (np.arange(rows) + 0.5) * len(values) / rows - 0.5
    columns = [np.interp(centres, np.arange(len(values)), column) for column in values.T]
    return np.stack(columns, axis=1).reshape(rows, *table.shape[1:])


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_sam_of_1024_pixels_is_dropped_and_resized_as_listed(tmp_path: Path, suffix: str) -> None:
    source, model = published(DEEP), adapted(DEEP)
    before, path = named(model), tmp_path / f"sam{suffix}"
    save = torch.save if suffix == ".pth" else safetensors.torch.save_file
    save(source, path)
    load_sam(model, path)
    resized = {f"image_encoder.blocks.{i}.attn.rel_pos_{a}" for i in (1, 11) for a in "hw"}
    assert resized < named(model).keys()
    for name, tensor in named(model).items():
        if name.startswith("w_") or any(part in name for part in DROPPED):
            assert torch.equal(tensor, before[name]), name
        elif name == "image_encoder.pos_embed":
            twice = torch.from_numpy(linear(source[name][0], 4)).transpose(0, 1)
            expected = torch.from_numpy(linear(twice, 4)).transpose(0, 1).float()[None]
            torch.testing.assert_close(tensor, expected)
        elif name in resized:
            expected = torch.from_numpy(linear(source[name], 7)).float()
            # torch keeps the positions 127 / 7 apart in single precision.
            torch.testing.assert_close(tensor, expected, rtol=0, atol=1e-4)
        else:
            assert torch.equal(tensor, source[name]), name


def test_a_sam_of_the_same_size_is_taken_as_it_is(tmp_path: Path) -> None:
    source, model = original_sam.random_state(SMALL), adapted()
    torch.save(source, tmp_path / "sam.pth")
    load_sam(model, tmp_path / "sam.pth")
    name = "image_encoder.pos_embed"
    assert torch.equal(named(model)[name], source[name])


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".safetensors"])
def test_a_file_of_samed_brings_the_trained_part_back(tmp_path: Path, suffix: str) -> None:
    model = adapted()
    other = copy.deepcopy(model)
    for parameter in other.parameters():
        if parameter.requires_grad:
            torch.nn.init.normal_(parameter)
    torch.nn.init.normal_(other.prompt_encoder.shared_embedding.positional_embedding)
    save_lora(model, tmp_path / f"epoch_69{suffix}")
    load_lora(other, tmp_path / f"epoch_69{suffix}")
    with torch.no_grad():
        assert torch.equal(model(pixels(1)), other(pixels(1)))


def test_a_file_of_samed_has_the_original_s_tensors(tmp_path: Path) -> None:
    model = adapted()
    save_lora(model, tmp_path / "epoch_69.pth")
    found = torch.load(tmp_path / "epoch_69.pth", weights_only=True)
    shapes = original_sam.shapes(SMALL, masks=3)
    expected = {name: s for name, s in shapes.items() if not name.startswith("image_encoder.")}
    for index in range(2 * SMALL.depth):
        expected |= {f"w_a_{index:03d}": (4, 16), f"w_b_{index:03d}": (16, 4)}
    assert {name: tuple(tensor.shape) for name, tensor in found.items()} == expected
    values = model.get_parameter("vision_encoder.layers.1.attn.qkv.b_v.weight")
    assert torch.equal(found["w_b_003"], values)


def test_vit_b_saves_179_tensors() -> None:
    with torch.device("meta"):
        names = by_original_name(Samed(VIT_B).state_dict())
    assert len([name for name in names if not name.startswith("image_encoder.")]) == 179


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.pth, \.pt or \.safetensors"):
        save_lora(adapted(), tmp_path / "epoch_69.onnx")


PROJECTION = "image_encoder.blocks.0.attn.proj.weight"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.pop(PROJECTION), f"lacks tensor {PROJECTION}"),
        (lambda state: state.update(extra=torch.zeros(1)), "unknown tensor extra"),
        (lambda state: state.update({PROJECTION: torch.zeros(2, 2)}), rf"{PROJECTION}.*\(2, 2\)"),
        (
            lambda state: state.update({"image_encoder.pos_embed": torch.zeros(1, 0, 4, 16)}),
            r"pos_embed has shape \(1, 0, 4, 16\), not \(1, 4, 4, 16\)",
        ),
        (lambda state: state.update(extra="text"), "plain mapping"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_and_changes_nothing(
    tmp_path: Path, change: Callable[[dict[str, object]], object], message: str
) -> None:
    state: dict[str, object] = dict(published(SMALL))
    change(state)
    path, model = tmp_path / "sam.pth", adapted()
    torch.save(state, path)
    before = named(model)
    with pytest.raises(DataError, match=message) as caught:
        load_sam(model, path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert all(torch.equal(tensor, before[name]) for name, tensor in named(model).items())


class Hostile:
    def __reduce__(self) -> tuple[object, ...]:
        return (exec, ("raise SystemExit('executed')",))


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 half a file", b"text", pickle.dumps(Hostile(), protocol=2)]
)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_damaged_and_hostile_files_are_refused(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"sam{suffix}"
    path.write_bytes(content)
    with pytest.raises(DataError, match="not readable as weights") as caught:
        load_lora(adapted(), path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"sam_vit_b\.pth: No such file"):
        load_sam(adapted(), tmp_path / "sam_vit_b.pth")


def test_the_adapters_of_another_rank_are_refused(tmp_path: Path) -> None:
    save_lora(adapted(replace(SMALL, rank=8)), tmp_path / "lora.pth")
    with pytest.raises(DataError, match=r"w_a_000 has shape \(8, 16\), not \(4, 16\)"):
        load_lora(adapted(), tmp_path / "lora.pth")
