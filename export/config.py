"""The Triton configuration of an exported model, made and checked as a protobuf message."""

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2 as triton

from export.servable import INPUT, OUTPUT
from fairness.contract import PARAMETER_KEY, ModelSpec

MAX_BATCH_SIZE = 32
WARMUP_SHAPE = (664, 512)
"""(H, W) of a FairVLMed image."""


def config_text(name: str, version: int, spec: ModelSpec, threads: int | None = None) -> str:
    """The `config.pbtxt` of one version of a model.

    Args:
        name: the model's name, which is also its folder's.
        version: the only version that is served, because `spec` describes that one.
        spec: what the model says of itself.
        threads: CPU threads of one inference; None leaves them to the serving machine.
    """
    config = triton.ModelConfig(
        name=name,
        backend="onnxruntime",
        max_batch_size=MAX_BATCH_SIZE,
        input=[triton.ModelInput(name=INPUT, data_type=triton.TYPE_UINT8, dims=[-1, -1])],
        output=[triton.ModelOutput(name=OUTPUT, data_type=triton.TYPE_FP32, dims=[1])],
        # NVIDIA's backend would otherwise start two instances on a CPU, each with all its cores.
        instance_group=[
            triton.ModelInstanceGroup(count=1, kind=triton.ModelInstanceGroup.KIND_AUTO)
        ],
        dynamic_batching=triton.ModelDynamicBatching(),
        model_warmup=[_warmup()],
    )
    config.version_policy.specific.versions.append(version)
    config.parameters[PARAMETER_KEY].string_value = spec.to_json()
    if threads is not None:
        config.parameters["intra_op_thread_count"].string_value = str(threads)
    text: str = text_format.MessageToString(config)
    if text_format.Parse(text, triton.ModelConfig()) != config:
        raise ValueError(f"the configuration of {name} does not survive being written as text")
    return text


def _warmup() -> triton.ModelWarmup:
    # The first request otherwise pays for the memory and the kernels of an image of this size.
    image = triton.ModelWarmup.Input(
        data_type=triton.TYPE_UINT8, dims=list(WARMUP_SHAPE), random_data=True
    )
    return triton.ModelWarmup(name="one_image", batch_size=1, inputs={INPUT: image})
