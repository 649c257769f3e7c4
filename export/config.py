"""The Triton configuration of an exported model, made and checked as a protobuf message."""

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2 as triton

from export.servable import MAX_BATCH_SIZE
from fairness.clip_tokens import CONTEXT
from fairness.contract import PARAMETER_KEY, ModelSpec

WARMUP_SHAPE = (664, 512)
"""(H, W) of a FairVLMed image."""


def config_text(
    name: str,
    version: int,
    spec: ModelSpec,
    threads: int | None = None,
    also: tuple[str, ...] = (),
) -> str:
    """The `config.pbtxt` of one version of a model.

    Args:
        name: the model's name, which is also its folder's.
        version: the only version that is served, because `spec` describes that one.
        spec: self-description of the model.
        threads: CPU threads of one inference; None leaves them to the serving machine.
        also: names of outputs (B, classes, H, W) that are served beside the audited one.
    """
    config = triton.ModelConfig(
        name=name,
        backend="onnxruntime",
        max_batch_size=MAX_BATCH_SIZE[spec.task],
        input=_inputs(spec),
        output=_outputs(spec, also),
        # NVIDIA's backend would otherwise start two instances on a CPU, each with all its cores.
        instance_group=[
            triton.ModelInstanceGroup(count=1, kind=triton.ModelInstanceGroup.KIND_AUTO)
        ],
        dynamic_batching=triton.ModelDynamicBatching(),
        model_warmup=[_warmup(spec)],
    )
    config.version_policy.specific.versions.append(version)
    config.parameters[PARAMETER_KEY].string_value = spec.to_json()
    if threads is not None:
        config.parameters["intra_op_thread_count"].string_value = str(threads)
    text: str = text_format.MessageToString(config)
    if text_format.Parse(text, triton.ModelConfig()) != config:
        raise ValueError(f"the configuration of {name} does not survive being written as text")
    return text


def _inputs(spec: ModelSpec) -> list[triton.ModelInput]:
    shape = spec.image_shape or (-1, -1)
    inputs = [triton.ModelInput(name=spec.input, data_type=triton.TYPE_UINT8, dims=shape)]
    if spec.group_input is not None:
        name = spec.group_input.name
        inputs.append(triton.ModelInput(name=name, data_type=triton.TYPE_INT64, dims=[1]))
    if spec.text_input is not None:
        name = spec.text_input.name
        inputs.append(triton.ModelInput(name=name, data_type=triton.TYPE_INT64, dims=[CONTEXT]))
    return inputs


def _outputs(spec: ModelSpec, also: tuple[str, ...]) -> list[triton.ModelOutput]:
    if spec.task == "classification":
        return [triton.ModelOutput(name=spec.output, data_type=triton.TYPE_FP32, dims=[1])]
    shape = spec.image_shape or (-1, -1)
    masks = triton.ModelOutput(name=spec.output, data_type=triton.TYPE_UINT8, dims=shape)
    dims = [len(spec.class_names), *shape]
    return [
        masks,
        *(triton.ModelOutput(name=n, data_type=triton.TYPE_FP32, dims=dims) for n in also),
    ]


def _warmup(spec: ModelSpec) -> triton.ModelWarmup:
    # The first request otherwise pays for the memory and the kernels of an image of this size.
    inputs = {
        spec.input: triton.ModelWarmup.Input(
            data_type=triton.TYPE_UINT8,
            dims=list(spec.image_shape or WARMUP_SHAPE),
            random_data=True,
        )
    }
    if spec.group_input is not None:
        inputs[spec.group_input.name] = triton.ModelWarmup.Input(
            data_type=triton.TYPE_INT64, dims=[1], zero_data=True
        )
    if spec.text_input is not None:
        inputs[spec.text_input.name] = triton.ModelWarmup.Input(
            data_type=triton.TYPE_INT64, dims=[CONTEXT], zero_data=True
        )
    return triton.ModelWarmup(name="one_image", batch_size=1, inputs=inputs)
