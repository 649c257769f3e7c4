"""The written configuration, read back by Triton's own message type."""

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2 as triton

from export.config import config_text
from fairness.contract import ModelSpec, Threshold
from fairness.probes import Probes

SPEC = ModelSpec(
    task="classification",
    method='fairclip "paper" mode \\ é',
    dataset="fairvlmed",
    target="glaucoma",
    input="image",
    output="probability",
    class_names=("non-glaucoma", "glaucoma"),
    threshold=Threshold(value=0.5, rule="fixed", split="val", split_sha256="0" * 64),
    checkpoint_sha256="1" * 64,
    model_sha256="2" * 64,
    precision="fp32",
    parity={"cosine": 1e-7},
    probes=Probes(seed=1, shapes=((30, 20), (20, 30)), expected=((0.4,), (0.6,)), tolerance=0.004),
)


def parsed(threads: int | None = None) -> triton.ModelConfig:
    return text_format.Parse(config_text("fairclip", 3, SPEC, threads), triton.ModelConfig())


def test_every_field() -> None:
    config = parsed()
    assert (config.name, config.backend, config.max_batch_size) == ("fairclip", "onnxruntime", 32)
    assert config.platform == ""
    (image,), (probability,) = config.input, config.output
    assert (image.name, image.data_type, list(image.dims)) == ("image", triton.TYPE_UINT8, [-1, -1])
    assert (probability.name, list(probability.dims)) == ("probability", [1])
    assert probability.data_type == triton.TYPE_FP32
    (group,) = config.instance_group
    assert (group.count, group.kind) == (1, triton.ModelInstanceGroup.KIND_AUTO)
    assert config.HasField("dynamic_batching")
    assert list(config.version_policy.specific.versions) == [3]
    (warmup,) = config.model_warmup
    assert warmup.batch_size == 1
    assert list(warmup.inputs["image"].dims) == [664, 512]
    assert warmup.inputs["image"].data_type == triton.TYPE_UINT8
    assert warmup.inputs["image"].WhichOneof("input_data_type") == "random_data"


def test_no_setting_of_the_exporting_machine_gets_in() -> None:
    assert set(parsed().parameters) == {"fair_audit"}
    assert not parsed().HasField("optimization")


def test_threads_are_written_as_nvidias_backend_reads_them() -> None:
    parameters = parsed(threads=2).parameters
    assert set(parameters) == {"fair_audit", "intra_op_thread_count"}
    assert parameters["intra_op_thread_count"].string_value == "2"


def test_the_self_description_survives_quotes_and_backslashes() -> None:
    text = parsed().parameters["fair_audit"].string_value
    assert ModelSpec.from_json(text, "fairclip") == SPEC
    assert text == SPEC.to_json()
    with pytest.raises(text_format.ParseError):
        text_format.Parse(
            config_text("fairclip", 3, SPEC) + "no_such_field: 1", triton.ModelConfig()
        )
