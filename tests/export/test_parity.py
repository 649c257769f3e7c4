"""Parity is refused where models differ or where it could not be seen; then nothing is written."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from export import pipeline
from export.__main__ import run
from export.parity import check_parity, make_probes, spread
from export.servable import Servable
from export.servable_clip import ServableClip
from fairness.errors import DataError

if TYPE_CHECKING:
    from exported_model import Exported

pytest_plugins = ["exported_model"]

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "zero_shot_score.json").read_text("utf-8")
)


class FixedFeatures(nn.Module):
    """Stands where CLIP does: answers given features whatever it sees."""

    def __init__(self, features: Tensor) -> None:
        super().__init__()
        self.features = features

    def encode_image(self, image: Tensor) -> Tensor:
        return self.features


def traced_with(exported: "Exported", prompts: Tensor) -> onnx.ModelProto:
    """The exported model with other prompts, (2, E); the exporter keeps them transposed."""
    model = exported.traced()
    old = exported.module.prompts.numpy().T
    (found,) = (
        tensor
        for tensor in model.graph.initializer
        if np.array_equal(onnx.numpy_helper.to_array(tensor), old)
    )
    new = np.ascontiguousarray(prompts.numpy().T)
    found.CopyFrom(onnx.numpy_helper.from_array(new, found.name))
    return model


def with_prompts(exported: "Exported", prompts: Tensor) -> Servable:
    return replace(exported.servable, module=ServableClip(exported.module.clip, prompts))


def test_the_score_is_the_originals_zero_shot_rule() -> None:
    cosines = torch.tensor(GOLDEN["cosines"])  # with unit vectors as prompts, the features
    servable = ServableClip(FixedFeatures(cosines), torch.eye(2))  # type: ignore[arg-type]  # stand-in
    probability, answered = servable(torch.zeros(len(cosines), 5, 5, dtype=torch.uint8))
    assert probability.shape == (len(cosines), 1)
    torch.testing.assert_close(answered, cosines)
    np.testing.assert_allclose(
        probability[:, 0], GOLDEN["probability"], rtol=0, atol=GOLDEN["tolerance"]
    )


def test_a_model_that_differs_is_refused(exported: "Exported") -> None:
    prompts = exported.module.prompts
    check_parity(exported.servable, traced_with(exported, prompts))
    with pytest.raises(DataError, match="the ONNX model is not the torch model: the cosine"):
        check_parity(exported.servable, traced_with(exported, prompts * 1.01))


def test_a_failure_writes_nothing(
    exported: "Exported",
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = traced_with(exported, exported.module.prompts.flip(0))
    monkeypatch.setattr(pipeline, "to_onnx", lambda servable: model)
    repository = tmp_path / "models"
    assert run([str(exported.run), "--repository", str(repository)]) == 3
    error = capsys.readouterr().err
    assert error.startswith("export: the ONNX model is not the torch model")
    assert error.count("\n") == 1
    assert not repository.exists()


def test_a_model_that_answers_alike_to_everything_is_refused(exported: "Exported") -> None:
    # Agreement of two constants proves nothing.
    same = exported.module.prompts[:1].repeat(2, 1)
    model = traced_with(exported, same)
    collapsed = with_prompts(exported, same)
    with pytest.raises(DataError, match="the probability spans only .* the model has collapsed"):
        check_parity(collapsed, model)
    with pytest.raises(DataError, match="too little to recognise the model by"):
        make_probes(collapsed, model.SerializeToString())


def test_a_model_that_answers_nan_is_refused(exported: "Exported") -> None:
    nothing = torch.full_like(exported.module.prompts, torch.nan)
    with pytest.raises(DataError, match="the cosine spans only nan"):
        check_parity(with_prompts(exported, nothing), traced_with(exported, nothing))


def test_spread_is_of_the_narrowest_column() -> None:
    assert spread(np.array([[0.0, 1.0], [3.0, 1.5], [1.0, 1.25]])) == 0.5
