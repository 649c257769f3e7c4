"""The exported model on the real Triton: it loads, warms up, describes itself and answers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from tritonclient import grpc

from fairness.arrays import Array, Image
from fairness.contract import PARAMETER_KEY, ModelSpec
from fairness.probes import probe_image
from serving.launcher import TritonServer

if TYPE_CHECKING:
    from exported_model import Exported

pytest_plugins = ["exported_model"]


@pytest.fixture(scope="module")
def server(exported: "Exported") -> Iterator[TritonServer]:
    with TritonServer(exported.repository, arguments=["--log-verbose=1"]) as server:
        yield server


@pytest.fixture(scope="module")
def client(server: TritonServer) -> Iterator[grpc.InferenceServerClient]:
    client = grpc.InferenceServerClient(server.grpc_endpoint)
    yield client
    client.close()


def ask(client: grpc.InferenceServerClient, images: Image) -> Array:
    tensor = grpc.InferInput("image", list(images.shape), "UINT8")
    tensor.set_data_from_numpy(images)
    return np.asarray(client.infer("fairclip", [tensor]).as_numpy("probability"))


def test_the_description_arrives_and_the_probes_agree(
    exported: "Exported", client: grpc.InferenceServerClient
) -> None:
    config = client.get_model_config("fairclip").config
    spec = ModelSpec.from_json(config.parameters[PARAMETER_KEY].string_value, "fairclip")
    assert spec == exported.spec()
    assert spec.probes is not None
    answers = np.array([ask(client, image[None])[0] for image in spec.probes.images()])
    assert spec.probes.worst_difference(answers) < spec.probes.tolerance / 50


@pytest.mark.parametrize(("count", "height", "width"), [(32, 664, 512), (3, 300, 420), (1, 40, 30)])
def test_batches_of_any_shape_answer_as_torch(
    exported: "Exported",
    client: grpc.InferenceServerClient,
    count: int,
    height: int,
    width: int,
) -> None:
    rng = np.random.default_rng(count)
    images = np.stack([probe_image(rng, height, width) for _ in range(count)])
    with torch.no_grad():
        expected = exported.module(torch.from_numpy(images))[0].numpy()
    answers = ask(client, images)
    assert answers.shape == (count, 1)
    np.testing.assert_allclose(answers, expected, rtol=0, atol=1e-6)


def test_the_model_warms_up_before_it_is_ready(server: TritonServer) -> None:
    assert "is running warmup sample 'one_image'" in server.log_text()


def test_the_tensors_are_the_described_ones(client: grpc.InferenceServerClient) -> None:
    metadata = client.get_model_metadata("fairclip")
    assert list(metadata.versions) == ["1"]
    assert [(t.name, t.datatype, list(t.shape)) for t in metadata.inputs] == [
        ("image", "UINT8", [-1, -1, -1])
    ]
    assert [(t.name, t.datatype, list(t.shape)) for t in metadata.outputs] == [
        ("probability", "FP32", [-1, 1])
    ]
