"""What a model is sent for a batch and how its outputs are read: as it says, or as described."""

from collections.abc import Mapping

from audit.client.described_tensors import ANY, types_of
from audit.client.endpoint import ServedModel
from audit.client.foreign import Foreign
from audit.client.wire import Output, array_of, input_tensors, read_output
from fairness.arrays import Array, Image, IntArray
from fairness.errors import DataError
from fairness.foreign.answers import masks, probabilities
from fairness.foreign.description import Masks
from fairness.foreign.prepare import prepared


def tensors_of(
    model: ServedModel,
    images: Array,
    groups: IntArray | None,
    own: Mapping[str, Array] | None = None,
    *,
    fitted: bool = False,
) -> dict[str, Array]:
    """Input name to array: images as stored, prepared where the model is a described one.

    Args:
        model: that is asked.
        images: (B, ...), uint8, or float32 grey levels for a described model.
        groups: (B,), of a model that takes them.
        own: what goes beside each image (B, ...), by the names of the tensors.
        fitted: whether the images are of a described model's size by now.

    Raises:
        DataError: the model does not take such images, or such a group.
    """
    foreign = model.foreign
    if foreign is None:
        tensors, text = input_tensors(model.spec, images, groups), model.spec.text_input
        if text is None:
            return tensors
        if own is None or text.name not in own:
            raise DataError(f"model '{model.name}' reads the note of each image, and there is none")
        return {**tensors, text.name: own[text.name]}
    said = foreign.said.description.input
    tensor = prepared(images, said, foreign.layout, foreign.dtype, fitted=fitted)
    beside = {one.name: one.of(len(images), own or {}) for one in foreign.further}
    return {said.name: tensor, **beside}


def answer_of(model: ServedModel, outputs: list[Output], images: Image) -> Array:
    """The answer to a batch: (B, 1) float32, or (B, H, W) uint8 classes.

    Args:
        model: that answered.
        outputs: of the response.
        images: (B, ...) of the batch, as stored.

    Raises:
        ServerError: the output is absent, of another type, or its bytes do not fill its shape.
        DataError: it is not what the description says; names the line.
    """
    foreign = model.foreign
    if foreign is None:
        return read_output(outputs, model.spec, model.name)
    output = array_of(outputs, model.spec.output, type_of(outputs, foreign), model.name)
    said = foreign.said.description
    try:
        if isinstance(said.output, Masks):
            return masks(output, said.output, foreign.output_layout, said.input, images)
        whole = output if foreign.output_layout else output[None]
        return probabilities(whole, said.output, len(images))
    except ValueError as error:
        where = foreign.said.at("output", "holds")
        raise DataError(f"{where}: '{said.output.name}' of model '{model.name}' {error}") from None


def type_of(outputs: list[Output], foreign: Foreign) -> str:
    """Of the output that is read: as the server's metadata say, else as it came, if it may."""
    if foreign.output_type != ANY:
        return foreign.output_type
    allowed, name = types_of(foreign.said), foreign.said.description.output.name
    came = [one.datatype for one in outputs if one.name == name and one.datatype in allowed]
    return came[0] if came else allowed[0]
