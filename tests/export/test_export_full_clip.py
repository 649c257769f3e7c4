"""CLIP at its published sizes with random weights: file, graph, answers, and memory of the export.

The larger one needs 10 GB for a minute, so nothing of one is kept for the other.
"""

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from exported_model import write_run

from export.parity import open_session
from export.servables import servable_of
from fairness.arrays import Array, Image
from fairness.probes import probe_image
from training import checkpoint
from training.models.clip_sizes import Preset

IMAGES = [(3, 664, 512), (1, 480, 640)]


def pictures(shape: tuple[int, int, int]) -> Image:
    rng = np.random.default_rng(shape[0])
    return np.stack([probe_image(rng, *shape[1:]) for _ in range(shape[0])])


def answers_in_torch(run: Path) -> list[Array]:
    module = servable_of(checkpoint.load(run / "best")).module
    with torch.no_grad():
        return [module(torch.from_numpy(pictures(shape)))[0].numpy() for shape in IMAGES]


@pytest.mark.full_size
@pytest.mark.parametrize(
    ("preset", "megabytes", "most_memory"), [("vit-b16", 344.5, 5e9), ("vit-l14", 1215, 11e9)]
)
def test_a_clip_of_published_size_is_exported_whole(
    preset: Preset, megabytes: float, most_memory: float, tmp_path: Path
) -> None:
    run = write_run(tmp_path / "run", preset, seed=0)
    command = [sys.executable, "-m", "export", str(run), "--repository", str(tmp_path / "models")]
    subprocess.run(command, check=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    print(f"{preset}: peak of the export {peak / 1e9:.1f} GB")
    assert peak < most_memory

    file = tmp_path / "models" / "fairclip" / "1" / "model.onnx"
    assert file.stat().st_size == pytest.approx(megabytes * 1e6, rel=0.01)
    model = onnx.load(file)
    assert model.ir_version == 9
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 18)]
    (image,), (probability,) = model.graph.input, model.graph.output
    for tensor, sizes in ((image, ["batch", "height", "width"]), (probability, ["batch", ""])):
        assert [d.dim_param for d in tensor.type.tensor_type.shape.dim] == sizes
    del model

    expected = answers_in_torch(run)
    session = open_session(file.read_bytes())
    for shape, answers in zip(IMAGES, expected, strict=True):
        (found,) = session.run(["probability"], {"image": pictures(shape)})
        assert found.shape == (shape[0], 1)
        np.testing.assert_allclose(found, answers, rtol=0, atol=1e-6)
    (alone,) = session.run(["probability"], {"image": pictures(IMAGES[0])[:1]})
    np.testing.assert_allclose(alone, expected[0][:1], rtol=0, atol=1e-6)
    assert np.ptp(expected[0]) > 1e-4
