"""The exported graph answers mixed groups in batches of any size as torch does."""

import logging
import warnings

import numpy as np
import onnxruntime
import pytest
import torch
from small_fairlora import images, moved, tiny
from torch import Tensor, nn

from training.models.fairlora import FairLoRA


class Answer(nn.Module):
    """As a server would have it: the prompts are constants."""

    prompts: Tensor

    def __init__(self, model: FairLoRA) -> None:
        super().__init__()
        self.model = model
        with torch.no_grad():
            self.register_buffer("prompts", model.prompts())
        self.eval()

    def forward(self, image: Tensor, group: Tensor) -> Tensor:
        return self.model.answer(image, group, self.prompts)


def exported(answer: Answer) -> onnxruntime.InferenceSession:
    batch = torch.export.Dim("batch")
    logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.filterwarnings("ignore", r".*LeafSpec", FutureWarning)
        warnings.filterwarnings("ignore", r".*batch will not be used")  # both inputs share it
        program = torch.onnx.export(
            answer,
            (images(answer.model, 3), torch.tensor([0, 2, -1])),
            dynamo=True,
            opset_version=18,
            input_names=["image", "group"],
            output_names=["logits"],
            dynamic_shapes={"image": {0: batch}, "group": {0: batch}},
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    assert {entry.version for entry in model.opset_import if entry.domain == ""} == {18}
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )


@pytest.mark.parametrize(
    ("backbone", "modality", "head"),
    [
        pytest.param("tiny", "oct", "mean", marks=pytest.mark.further),
        pytest.param("tiny-rn", "slo", "mean", marks=pytest.mark.further),
        # A hundred iterations unrolled: half a minute to export.
        pytest.param("tiny", "chest", "ot", marks=pytest.mark.full_size),
    ],
)
def test_onnx_runtime_answers_as_torch(backbone: str, modality: str, head: str) -> None:
    answer = Answer(moved(tiny(backbone=backbone, modality=modality, head=head)))
    session = exported(answer)
    for codes in ([1], [2, -1, 0, 1, 2, -1, 0]):
        pictures, groups = images(answer.model, len(codes)), torch.tensor(codes)
        with torch.no_grad():
            expected = answer(pictures, groups).softmax(dim=1)
        (logits,) = session.run(None, {"image": pictures.numpy(), "group": groups.numpy()})
        found = torch.from_numpy(logits).softmax(dim=1)
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
        torch.testing.assert_close(
            torch.from_numpy(logits), answer(pictures, groups).detach(), rtol=1e-5, atol=1e-5
        )
    for code in (-2, 3, 4):
        wrong = {"image": images(answer.model, 1).numpy(), "group": np.array([code])}
        with pytest.raises(onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument):
            session.run(None, wrong)
