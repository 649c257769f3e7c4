"""The real Triton server: what goes in over gRPC is what the ONNX model answers, and no other."""

import json
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest
import tritonclient.grpc as triton
from asking import Bytes, ask, small_images
from small_models import ONE_AUTO, TENSORS, UNBATCHED, grey_level, inverted, parameter, write
from tritonclient.utils import InferenceServerException

from serving.launcher import TritonServer
from serving.processes import group_members

SPEC = {"task": "classification", "text": 'quotes " and é'}
GREY = (
    TENSORS
    + ONE_AUTO
    + parameter("fair_audit", json.dumps(SPEC))
    + 'default_model_filename: "served.onnx"\n'
    + 'model_warmup { name: "zeros" batch_size: 8 inputs { key: "image" value {'
    + " data_type: TYPE_UINT8 dims: [ 4, 4 ] zero_data: true } } }"
)
# Waits up to 2 s for 8 images, so that concurrent requests meet in one batch.
GATHERING = (
    TENSORS
    + ONE_AUTO
    + "dynamic_batching { preferred_batch_size: [ 8 ] max_queue_delay_microseconds: 2000000 }"
)
THREADS = TENSORS + ONE_AUTO + "optimization { graph { level: 2 } }\n"
OPENVINO = (
    "optimization { execution_accelerators {"
    + ' cpu_execution_accelerator: [ { name: "openvino" } ]'
    + ' gpu_execution_accelerator: [ { name: "tensorrt"'
    + ' parameters { key: "precision_mode" value: "FP16" } } ] } }'
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model_repository")
    (folder / "README.md").write_text("Triton passes over plain files.\n")
    write(grey_level(), folder / "grey", GREY, "served.onnx")
    write(grey_level(), folder / "gathering", GATHERING)
    write(inverted(), folder / "unbatched", UNBATCHED + ONE_AUTO)
    write(grey_level(), folder / "bare", "")
    few = parameter("intra_op_thread_count", "1") + parameter("execution_mode", "1")
    write(grey_level(), folder / "one_thread", THREADS + few)
    many = parameter("intra_op_thread_count", "5") + parameter("inter_op_thread_count", "2")
    write(grey_level(), folder / "five_threads", THREADS + many)
    write(grey_level(), folder / "wrong_type", TENSORS.replace("UINT8", "FP32") + ONE_AUTO)
    write(grey_level(), folder / "wrong_name", TENSORS.replace('"mean"', '"median"') + ONE_AUTO)
    write(
        grey_level(), folder / "wrong_mode", TENSORS + ONE_AUTO + parameter("execution_mode", "7")
    )
    write(grey_level(), folder / "openvino", TENSORS + ONE_AUTO + OPENVINO)
    write(grey_level(), folder / "truncated", TENSORS + ONE_AUTO)
    file = folder / "truncated" / "1" / "model.onnx"
    file.write_bytes(file.read_bytes()[:100])
    return folder


@pytest.fixture(scope="module")
def server(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TritonServer]:
    cache = tmp_path_factory.mktemp("cache")
    loaded = ("grey", "gathering", "unbatched", "bare", "one_thread", "five_threads")
    flags = ["--model-control-mode=explicit", *(f"--load-model={name}" for name in loaded)]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_CACHE_HOME", str(cache))
        # The command is at work without an activated environment.
        environment.setenv("PATH", "/usr/bin:/bin")
        environment.setenv("CUDA_VISIBLE_DEVICES", "")  # the CPU is what is tested
        for name in ("CI", "ORT_DISABLE_TELEMETRY"):  # either would hide a missing default
            environment.delenv(name, raising=False)
        with TritonServer(repository, arguments=flags) as running:
            yield running
    # ONNX Runtime >= 1.29 would leave the id and the queue of its telemetry here.
    assert [path.name for path in cache.iterdir()] == ["fair-audit-triton"]


@pytest.fixture(scope="module")
def client(server: TritonServer) -> Iterator[triton.InferenceServerClient]:
    with triton.InferenceServerClient(server.grpc_endpoint) as opened:
        yield opened


@pytest.mark.parametrize("shape", [(1, 4, 5), (8, 13, 7), (3, 664, 512)])
def test_answers_are_the_models_at_any_size(
    client: triton.InferenceServerClient, shape: tuple[int, int, int]
) -> None:
    images = small_images(*shape)
    answer = ask(client, "grey", images)
    np.testing.assert_allclose(
        answer.as_numpy("mean"), images.mean(axis=(1, 2))[:, None], rtol=1e-5
    )
    np.testing.assert_array_equal(answer.as_numpy("looked_up"), 3.0 * images[:, 0, :1])


def test_only_the_outputs_asked_for_are_answered(client: triton.InferenceServerClient) -> None:
    answer = ask(client, "grey", np.full((1, 4, 4), 7, np.uint8), "looked_up", "mean")
    outputs = {output.name for output in answer.get_response().outputs}
    assert outputs == {"mean", "looked_up"}
    assert (answer.as_numpy("mean"), answer.as_numpy("looked_up")) == (7.0, 21.0)


def test_an_error_of_the_model_reaches_the_client(client: triton.InferenceServerClient) -> None:
    with pytest.raises(InferenceServerException, match="idx=200 must be within"):
        ask(client, "grey", np.full((1, 4, 4), 200, np.uint8))
    assert ask(client, "grey", small_images(1, 4, 4)).as_numpy("mean") is not None


def test_concurrent_requests_of_one_shape_run_as_one_batch(
    client: triton.InferenceServerClient,
) -> None:
    requests = [small_images(2, 6, 6, seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda images: ask(client, "gathering", images), requests))
    for images, answer in zip(requests, answers, strict=True):
        np.testing.assert_array_equal(answer.as_numpy("batch"), [[8], [8]])
        np.testing.assert_array_equal(answer.as_numpy("looked_up"), 3.0 * images[:, 0, :1])


def test_in_a_shared_batch_only_the_request_at_fault_fails(
    client: triton.InferenceServerClient,
) -> None:
    requests = [small_images(2, 6, 6, seed) for seed in range(4)]
    requests[2][1, 0, 0] = 99

    def outcome(images: Bytes) -> npt.NDArray[np.float32] | str:
        try:
            return np.asarray(ask(client, "gathering", images).as_numpy("looked_up"))
        except InferenceServerException as error:
            return str(error)

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(outcome, requests))
    assert "idx=99 must be within" in str(outcomes[2])
    for index in (0, 1, 3):
        np.testing.assert_array_equal(outcomes[index], 3.0 * requests[index][:, 0, :1])


def test_a_question_among_images_is_answered_apart_from_them(
    client: triton.InferenceServerClient,
) -> None:
    def answer(row: int) -> npt.NDArray[Any]:
        sent = triton.InferInput("image", [2, 6, 6], "UINT8")
        sent.set_data_from_numpy(small_images(2, 6, 6, row))
        asked = {"fair_audit_about": "1"} if row == 1 else None
        wanted = [triton.InferRequestedOutput("mean")]
        found = client.infer("gathering", [sent], outputs=wanted, parameters=asked)
        return np.asarray(found.as_numpy("mean"))

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(answer, range(4)))
    said = json.loads(answers[1][0])
    assert said["engine"] == f"ONNX Runtime {onnxruntime.__version__}"
    assert (said["providers"], said["device"]) == ("CPUExecutionProvider", "CPU")
    for row in (0, 2, 3):
        means = small_images(2, 6, 6, row).mean(axis=(1, 2))
        np.testing.assert_allclose(answers[row][:, 0], means, rtol=1e-6)


def test_many_clients_at_once_each_get_their_own_answer(server: TritonServer) -> None:
    def mean(seed: int) -> float:
        images = small_images(1 + seed % 3, 5 + seed % 4, 9, seed)
        with triton.InferenceServerClient(server.grpc_endpoint) as own:
            answer = ask(own, "grey", images).as_numpy("mean")
        return float(np.abs(answer[:, 0] - images.mean(axis=(1, 2))).max())

    with ThreadPoolExecutor(8) as pool:
        assert max(pool.map(mean, range(40))) < 1e-5


def test_a_model_without_a_batch_axis(client: triton.InferenceServerClient) -> None:
    image = small_images(1, 5, 6)[0]
    answer = ask(client, "unbatched", image).as_numpy("negative")
    np.testing.assert_array_equal(answer, 255 - image)


def test_the_self_description_passes_through(client: triton.InferenceServerClient) -> None:
    config = client.get_model_config("grey").config
    assert json.loads(config.parameters["fair_audit"].string_value) == SPEC


def test_the_configuration_names_the_device_that_answers(
    client: triton.InferenceServerClient,
) -> None:
    config = client.get_model_config("grey", as_json=True)["config"]
    kinds = [group["kind"] for group in config["instance_group"]]
    assert kinds == ["KIND_CPU"]  # KIND_AUTO in the file
    assert config["runtime"] == "model.py"


def test_a_model_without_a_configuration_is_completed(
    client: triton.InferenceServerClient,
) -> None:
    config = client.get_model_config("bare", as_json=True)["config"]
    assert config["max_batch_size"] == 4
    assert config["input"] == [{"name": "image", "data_type": "TYPE_UINT8", "dims": ["-1", "-1"]}]
    assert [output["name"] for output in config["output"]] == ["mean", "batch", "looked_up"]
    assert ask(client, "bare", small_images(2, 4, 4), "mean").as_numpy("mean").shape == (2, 1)


def threads_of(server: TritonServer, model: str) -> int:
    for pid in group_members(server.pid):
        if f"/{model}/".encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
            return len(os.listdir(f"/proc/{pid}/task"))
    raise LookupError(model)


def test_thread_counts_and_modes_are_those_of_the_configuration(server: TritonServer) -> None:
    # The calling thread is one of the five; a parallel mode alone starts an inter-op pool.
    assert threads_of(server, "five_threads") - threads_of(server, "grey") == 5 - usable_cores()
    log = server.log_text()
    assert re.search(r"five_threads_0_0: .*CPU.* 5 intra-op threads, 2 inter-op .*SEQUENT", log)
    assert re.search(r"one_thread_0_0: .* 1 intra-op .*ORT_PARALLEL, ORT_DISABLE_ALL", log)
    assert re.search(rf"grey_0_0: .* {usable_cores()} intra-op .*ORT_ENABLE_ALL", log)


def usable_cores() -> int:
    return len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("wrong_type", "config.pbtxt says TYPE_FP32 for input 'image'; the model has TYPE_UINT8"),
        ("wrong_name", "config.pbtxt lists output 'median'"),
        ("wrong_mode", "execution_mode 7 is neither 0"),
        ("openvino", "CPU accelerator 'openvino' is not available here"),
        ("truncated", "model.onnx: .*Protobuf parsing failed"),
    ],
)
def test_a_model_that_cannot_be_served_says_why(
    client: triton.InferenceServerClient, model: str, message: str
) -> None:
    with pytest.raises(InferenceServerException, match=message):
        client.load_model(model)
