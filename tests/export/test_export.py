"""A tiny model through the whole export: what was written answers as torch does."""

import copy
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
import torch

from export import pipeline
from export.__main__ import run
from export.parity import spread
from export.tolerance import TOLERANCES
from fairness.arrays import Array, Image
from fairness.group_input import RECORDED
from fairness.probes import probe_image
from fairness.samples import Sample, stack
from training.predictor import torch_predict

if TYPE_CHECKING:
    from exported_model import Exported

pytest_plugins = ["exported_model"]


def some_images(count: int, height: int, width: int) -> Image:
    rng = np.random.default_rng(count * height + width)
    return np.stack([probe_image(rng, height, width) for _ in range(count)])


def torch_answers(exported: "Exported", images: Image) -> Array:
    with torch.no_grad():
        return np.asarray(exported.module(torch.from_numpy(images))[0].numpy())


@pytest.mark.parametrize("shape", [(664, 512), (512, 664), (120, 90), (64, 64), (30, 200)])
@pytest.mark.parametrize("count", [1, 3, 32])
def test_onnx_answers_as_torch(exported: "Exported", count: int, shape: tuple[int, int]) -> None:
    images = some_images(count, *shape)
    expected = torch_answers(exported, images)
    (answers,) = exported.session().run(["probability"], {"image": images})
    assert answers.shape == (count, 1)
    assert answers.dtype == np.float32
    np.testing.assert_allclose(answers, expected, rtol=0, atol=1e-6)
    if count == 32:
        assert spread(expected) > 1e-3  # so that 1e-6 above means something


def test_onnx_answers_as_trainings_own_evaluation(exported: "Exported") -> None:
    rng = np.random.default_rng(1)
    samples = [Sample(str(i), probe_image(rng, 90, 120), 0, {}) for i in range(10)]
    batches = [stack(samples[start : start + 4]) for start in (0, 4, 8)]
    predict = torch_predict(exported.module.clip, exported.module.prompts)
    for batch, scores in predict(batches):
        (answers,) = exported.session().run(["probability"], {"image": batch.images})
        np.testing.assert_allclose(answers, scores[RECORDED], rtol=0, atol=1e-6)


def test_the_graph_is_what_servers_load(exported: "Exported") -> None:
    model = onnx.load(exported.onnx_file)
    onnx.checker.check_model(model, full_check=True)
    assert model.ir_version == 9
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 18)]
    (image,), (probability,) = model.graph.input, model.graph.output
    sizes = [dim.dim_param for dim in image.type.tensor_type.shape.dim]
    assert (image.name, sizes) == ("image", ["batch", "height", "width"])
    batch, one = probability.type.tensor_type.shape.dim
    assert (probability.name, batch.dim_param, one.dim_value) == ("probability", "batch", 1)


def test_one_file_without_the_text_tower_or_any_path(exported: "Exported") -> None:
    assert [path.name for path in exported.onnx_file.parent.iterdir()] == ["model.onnx"]
    content = exported.onnx_file.read_bytes()
    clip = exported.module.clip
    text_tower = sum(p.numel() for n, p in clip.named_parameters() if "text" in n) * 4
    everything = sum(p.numel() for p in clip.parameters()) * 4
    assert len(content) < everything - text_tower + 100_000
    here = str(Path(__file__).parents[2]).encode()
    for trace in (here, b"site-packages", b".py", b"stack_trace"):
        assert trace not in content


def test_the_model_describes_itself(exported: "Exported") -> None:
    spec = exported.spec()
    weights = (exported.run / "best" / "model.safetensors").read_bytes()
    assert spec.checkpoint_sha256 == hashlib.sha256(weights).hexdigest()
    assert spec.model_sha256 == hashlib.sha256(exported.onnx_file.read_bytes()).hexdigest()
    assert (spec.task, spec.dataset, spec.target) == ("classification", "fairvlmed", "glaucoma")
    assert (spec.input, spec.output, spec.precision) == ("image", "probability", "fp32")
    assert spec.method == "fairclip (paper mode)"
    assert spec.class_names == ("non-glaucoma", "glaucoma")
    assert spec.threshold is not None
    assert (spec.threshold.value, spec.threshold.split) == (0.51, "val")
    assert exported.config().version_policy.specific.versions == [1]
    assert 0 < spec.parity["cosine"] < 1e-4 * spec.parity["cosine_spread"]


def test_probes_name_this_model_and_no_other(exported: "Exported") -> None:
    probes = exported.spec().probes
    assert probes is not None
    assert len(probes.expected) == 8
    assert len(set(probes.shapes)) == 3
    assert probes.tolerance == pytest.approx(TOLERANCES["fp32"].probes * np.ptp(probes.expected))
    answers = [torch_answers(exported, image[None])[0] for image in probes.images()]
    assert probes.worst_difference(np.array(answers)) < probes.tolerance / 50

    other = copy.deepcopy(exported.module)
    optimizer = torch.optim.Adam(other.clip.parameters(), lr=1e-5)
    other(torch.from_numpy(some_images(8, 100, 80)))[0].sum().backward()
    optimizer.step()
    with torch.no_grad():
        moved = [other(torch.from_numpy(image[None]))[0][0] for image in probes.images()]
    assert probes.worst_difference(np.stack(moved)) > probes.tolerance


def test_the_same_checkpoint_makes_the_next_version(
    exported: "Exported", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "to_onnx", lambda servable: exported.traced())
    arguments = [str(exported.run), "--repository", str(tmp_path), "--threads", "2"]
    assert run(arguments) == run(arguments) == 0
    folder = tmp_path / "fairclip"  # named after the method
    first, second = (folder / version / "model.onnx" for version in "12")
    assert first.read_bytes() == second.read_bytes() == exported.onnx_file.read_bytes()
    text = (folder / "config.pbtxt").read_text()
    assert 'key: "intra_op_thread_count"' in text
    assert "versions: 2" in text
