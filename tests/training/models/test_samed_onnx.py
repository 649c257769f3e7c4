"""A merged SAMed as an ONNX graph: free batch, no scatters, the answers of torch."""

import logging
import warnings
from collections import Counter

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from small_samed import SMALL, adapted, pixels

from training.models.samed import VIT_B, Samed, SamedConfig

OPSET = 18


def exported(model: Samed) -> onnx.ModelProto:
    logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        # torch 2.13 meets its own deprecation while it copies the traced program.
        warnings.filterwarnings("ignore", r".*LeafSpec", FutureWarning)
        program = torch.onnx.export(
            model,
            (pixels(2, model.image_size),),
            dynamo=True,
            opset_version=OPSET,
            dynamic_shapes={"pixels": {0: "batch"}},
            verbose=False,
        )
    assert program is not None
    return program.model_proto


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(SMALL, marks=pytest.mark.further),
        pytest.param(VIT_B, marks=pytest.mark.full_size),
    ],
)
def test_onnx_runtime_answers_what_torch_answers(config: SamedConfig) -> None:
    model = adapted(config)
    graph = exported(model.merged())
    operators = Counter(node.op_type for node in graph.graph.node)
    assert not [name for name in operators if name.startswith("Scatter")]
    assert {entry.domain: entry.version for entry in graph.opset_import} == {"": OPSET}
    graph.ir_version = 9
    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    for batch in (1, 3):
        images = pixels(batch, config.image_size)
        with torch.no_grad():
            expected = model(images).numpy()  # adapters apart: merging is part of the parity
        (found,) = session.run(None, {"pixels": images.numpy()})
        assert np.abs(found - expected).max() < 1e-4 * expected.std()
        assert np.mean(found.argmax(axis=1) == expected.argmax(axis=1)) >= 0.9999
