"""An ONNX model's own declaration in the words of a configuration, as the C++ backend does it."""

from types import SimpleNamespace
from typing import Any

import pytest

from serving.backends.onnxruntime.ort_signature import check, complete, entry


def tensor(name: str, kind: str, *shape: int | str) -> Any:
    return SimpleNamespace(name=name, type=f"tensor({kind})", shape=list(shape))


class Recorder:
    """Triton's ModelConfig, as far as the backend uses it: it exists inside the stub alone."""

    def __init__(self, **config: Any) -> None:
        self.config: dict[str, Any] = {"max_batch_size": 0, "input": [], "output": [], **config}

    def as_dict(self) -> dict[str, Any]:
        return self.config

    def set_max_batch_size(self, size: int) -> None:
        self.config["max_batch_size"] = size

    def set_dynamic_batching(self) -> None:
        self.config["dynamic_batching"] = {}

    def add_input(self, tensor: dict[str, Any]) -> None:
        self.config["input"].append(tensor)

    def add_output(self, tensor: dict[str, Any]) -> None:
        self.config["output"].append(tensor)


IMAGE = tensor("image", "uint8", "B", "H", 64)
PROBABILITY = tensor("probability", "float", "B", 1)
IMAGE_ENTRY = {"name": "image", "data_type": "TYPE_UINT8", "dims": [-1, 64]}


def test_a_model_with_a_varying_first_axis_batches() -> None:
    config = Recorder()
    complete(config, [IMAGE], [PROBABILITY])
    assert config.as_dict() == {
        "max_batch_size": 4,
        "dynamic_batching": {},
        "input": [IMAGE_ENTRY],
        "output": [{"name": "probability", "data_type": "TYPE_FP32", "dims": [1]}],
    }


def test_a_model_with_a_fixed_first_axis_does_not() -> None:
    config = Recorder()
    complete(config, [IMAGE], [tensor("mask", "int64", 1, 3)])
    assert config.as_dict()["max_batch_size"] == 0
    assert config.as_dict()["input"][0]["dims"] == [-1, -1, 64]
    assert config.as_dict()["output"][0]["dims"] == [1, 3]


def test_what_the_configuration_says_stays() -> None:
    config = Recorder(max_batch_size=32, input=[IMAGE_ENTRY | {"dims": [8, 64]}])
    complete(config, [IMAGE], [PROBABILITY])
    assert config.as_dict()["max_batch_size"] == 32
    assert config.as_dict()["input"] == [IMAGE_ENTRY | {"dims": [8, 64]}]


def test_a_batch_size_for_a_model_without_batches_is_refused() -> None:
    with pytest.raises(ValueError, match="first axes do not vary"):
        complete(Recorder(max_batch_size=8), [tensor("x", "float", 1, 2)], [PROBABILITY])


def test_what_triton_cannot_list_is_refused() -> None:
    with pytest.raises(ValueError, match="'score' has no axis of its own"):
        entry(tensor("score", "float", "B"), batched=True)
    with pytest.raises(ValueError, match="Triton cannot carry"):
        entry(tensor("w", "bfloat16", "B", 1), batched=True)


def test_a_configuration_that_contradicts_the_model_is_refused() -> None:
    check({"input": [IMAGE_ENTRY]}, "input", [IMAGE])
    with pytest.raises(ValueError, match="TYPE_FP32 for input 'image'; the model has TYPE_UINT8"):
        check({"input": [IMAGE_ENTRY | {"data_type": "TYPE_FP32"}]}, "input", [IMAGE])
    with pytest.raises(ValueError, match=r"lists output 'mask'; the model has \['probability'\]"):
        check({"output": [{"name": "mask", "data_type": "TYPE_UINT8"}]}, "output", [PROBABILITY])
