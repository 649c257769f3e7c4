"""BLIP-2 as an ONNX model: the constant texts, parity, the free batch; and a refused checkpoint."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from google.protobuf import text_format
from small_blip2 import NOTES, random_blip2
from tritonclient.grpc import model_config_pb2 as triton

from export.__main__ import run
from export.servables import servable_of
from fairness.contract import PARAMETER_KEY, ModelSpec, Threshold
from fairness.errors import DataError
from training import checkpoint
from training.checkpoint_record import BLIP2_PROMPTS, Blip2Record
from training.models.blip2 import Blip2, restore
from training.models.blip2_sizes import Blip2Sizes
from training.models.blip2_text import small_vocabulary

THRESHOLD = Threshold(value=0.5, rule="youden", split="val", split_sha256="a" * 64)


def write_blip2_run(folder: Path, model: Blip2) -> Path:
    """A run folder whose best checkpoint is a model."""
    record = Blip2Record(preset="tiny", dataset="fairvlmed", target="glaucoma", threshold=THRESHOLD)
    checkpoint.save(folder / "best", model.state_dict(), asdict(model.sizes), record)
    return folder


def spec_of(repository: Path) -> ModelSpec:
    text = (repository / "blip2" / "config.pbtxt").read_text()
    config = text_format.Parse(text, triton.ModelConfig())
    return ModelSpec.from_json(config.parameters[PARAMETER_KEY].string_value, "blip2")


@pytest.mark.methods
def test_a_blip2_checkpoint_exports_and_answers_as_in_torch(tmp_path: Path) -> None:
    made = write_blip2_run(tmp_path / "run", random_blip2())
    assert run([str(made), "--repository", str(tmp_path / "models")]) == 0
    file = tmp_path / "models" / "blip2" / "1" / "model.onnx"
    exported = onnx.load(file)
    assert exported.opset_import[0].version == 18
    assert [output.name for output in exported.graph.output] == ["probability"]
    model = restore(checkpoint.load(made / "best"))
    images = np.random.default_rng(5).integers(0, 256, (3, 120, 90), dtype=np.uint8)
    session = ort.InferenceSession(file.read_bytes(), providers=["CPUExecutionProvider"])
    (answer,) = session.run(None, {"image": images})
    with torch.no_grad():
        prompts = model.encode_text(model.pieces(BLIP2_PROMPTS))
        wanted = model.score(model.prompt_cosines(torch.from_numpy(images), prompts)).numpy()
    np.testing.assert_allclose(answer, wanted, atol=2e-5)
    assert np.ptp(answer) > 0.01
    alone = np.concatenate([session.run(None, {"image": images[i : i + 1]})[0] for i in range(3)])
    np.testing.assert_allclose(alone, answer, atol=1e-5)
    spec = spec_of(tmp_path / "models")
    assert (spec.method, spec.task, spec.attribute) == (
        "blip2 (paper mode)",
        "classification",
        "race",
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vocabulary": ["[PAD]", "[UNK]", "[CLS]"]}, r"the vocabulary lacks \[SEP\]"),
        ({"queries": 9}, "does not fit its architecture"),
        ({"heads": 7}, "holds no BLIP-2 model"),
        ({"queries": 0}, "holds no BLIP-2 model"),
        ({"positions": 31}, "positions is 31; a text may have 32 tokens"),
        ({"patch_size": 97}, "patch_size 97 is above image_size 96"),
    ],
)
def test_a_blip2_checkpoint_of_odd_sizes_is_refused(
    change: dict[str, object], message: str, tmp_path: Path
) -> None:
    document = write_blip2_run(tmp_path / "run", random_blip2()) / "best" / "checkpoint.json"
    content = json.loads(document.read_text())
    content["architecture"] |= change
    document.write_text(json.dumps(content))
    with pytest.raises(DataError, match=message):
        servable_of(checkpoint.load(document.parent))


@pytest.mark.full_size
def test_a_blip2_of_full_size_with_random_weights(tmp_path: Path) -> None:
    small = small_vocabulary(NOTES)
    words = (*small, *(f"word{i}" for i in range(30522 - len(small))))
    torch.manual_seed(0)
    made = write_blip2_run(tmp_path / "run", Blip2(Blip2Sizes(vocabulary=words)).eval())
    assert run([str(made), "--repository", str(tmp_path / "models")]) == 0
    file = tmp_path / "models" / "blip2" / "1" / "model.onnx"
    assert 1.4e9 < file.stat().st_size < 2**31
    spec = spec_of(tmp_path / "models")
    assert spec.parity["cosine"] < 1e-5 < spec.parity["cosine_spread"]
    session = ort.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    images = np.random.default_rng(5).integers(0, 256, (3, 120, 90), dtype=np.uint8)
    (answer,) = session.run(None, {"image": images})
    (alone,) = session.run(None, {"image": images[2:]})
    np.testing.assert_allclose(answer[2:], alone, atol=1e-5)
    assert np.ptp(answer) > 0
