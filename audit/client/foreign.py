"""A described model, its description held to what the server says before anything is sent."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tritonclient.grpc.service_pb2 import ModelMetadataResponse

from audit.client.described_tensors import (
    ANY,
    axes,
    check_batches,
    check_classes,
    check_type,
    named,
)
from audit.client.further_inputs import FurtherTensor, further_tensors
from fairness.errors import UsageError
from fairness.foreign.answers import fault_of_columns
from fairness.foreign.description import Datatype, Masks
from fairness.foreign.model_yaml import Described

INPUT_TYPES: dict[str, Datatype] = {"UINT8": "uint8", "FP16": "fp16", "FP32": "fp32"}
"""Types by the protocol's names."""

MOST_COLUMNS = 1000
"""Of scores, and of classes of a mask, where the server does not say how many there are."""


UNSTATED_BATCH = 32
"""Images at once, where neither the server nor the description says how many."""


@dataclass(frozen=True)
class Foreign:
    """A described model, and what its server says where the description leaves it open."""

    said: Described
    layout: str
    """Axes of the input, with N where there is one of batches."""
    dtype: Datatype
    output_layout: str
    """Axes of masks; of scores only `N` or nothing."""
    output_type: str
    """By the protocol's names; `ANY` where the server does not say."""
    most_batch: int | None
    """1 where there is no free axis of batches."""
    further: tuple[FurtherTensor, ...] = ()
    """What goes beside the image."""

    @property
    def by_row(self) -> frozenset[str]:
        """Names of the inputs with an axis of images."""
        if not self.layout.startswith("N"):
            return frozenset()
        beside = (one.name for one in self.further if one.batched)
        return frozenset((self.said.description.input.name, *beside))

    def input_bytes(self, image: Sequence[int]) -> int:
        """Of one image (H, W) or (H, W, 3) as the model takes it, or as it is read."""
        said = self.said.description.input
        beside = sum(math.prod(one.shape) for one in self.further)
        sent = math.prod(said.size or image[:2]) * said.channels * 4 + 8 * beside
        return max(sent, 4 * math.prod(image)) if said.window else sent

    def answer_bytes(self, image: Sequence[int]) -> int:
        """The most that the answer to one image may have."""
        description = self.said.description
        columns, pixels = MOST_COLUMNS, 1
        if isinstance(description.output, Masks):
            columns = 256 if description.output.holds == "class_scores" else 1
            pixels = math.prod(description.input.size or image[:2])
        return 8 * columns * pixels

    def rows(self, most: int | None) -> int:
        """Rows of a batch.

        Args:
            most: that the server says it takes, 0 where it leaves that to the model, None where it
                says nothing.

        Raises:
            UsageError: the description asks for more.
        """
        wanted = self.said.description.input.batch
        if most is None and self.most_batch is None:
            return wanted or UNSTATED_BATCH
        limit = self.most_batch or most or 0
        if wanted is not None and 0 < limit < wanted:
            where = self.said.at("input", "batch")
            raise UsageError(f"{where}: {wanted}, but the server takes {limit} images at once")
        return wanted or max(1, limit)


def stated(said: Described, metadata: Any, model: str) -> Any:
    """The metadata; of a server that names no tensors, what the description says of them.

    Raises:
        UsageError: the server names none, and the description has no type for the input.
    """
    if metadata.inputs and metadata.outputs:
        return metadata
    asked, answer = said.description.input, said.description.output
    filled = ModelMetadataResponse()
    filled.CopyFrom(metadata)
    if not metadata.inputs:
        if asked.dtype is None:
            raise UsageError(
                f"{said.at('input')}: the server does not say what model '{model}' takes; add "
                f"dtype: {' or '.join(INPUT_TYPES.values())}, and N to the layout if it has batches"
            )
        datatype = next(name for name, dtype in INPUT_TYPES.items() if dtype == asked.dtype)
        filled.inputs.add(name=asked.name, datatype=datatype, shape=[-1] * len(asked.layout))
        batch = [-1] if asked.layout.startswith("N") else []
        for name, one in said.description.inputs.items():
            if one.dtype is None or one.shape is None:
                where = said.at("inputs", name)
                raise UsageError(f"{where}: the server does not say; add dtype and shape")
            filled.inputs.add(name=name, datatype=one.dtype.upper(), shape=[*batch, *one.shape])
    if not metadata.outputs:
        layout = answer.layout if isinstance(answer, Masks) else "NC"
        filled.outputs.add(name=answer.name, datatype=ANY, shape=[-1] * len(layout))
    return filled


def resolved(said: Described, metadata: Any, model: str) -> Foreign:
    """The description with what the server's metadata of the model add to it.

    Raises:
        UsageError: they contradict one another; names the line of the description.
    """
    asked, answer = said.description.input, said.description.output
    metadata = stated(said, metadata, model)
    tensor = named(said, "input", metadata.inputs, asked.name, model)
    if tensor.datatype not in INPUT_TYPES or asked.dtype not in (
        None,
        INPUT_TYPES[tensor.datatype],
    ):
        raise UsageError(
            f"{said.at('input', 'dtype')}: the server takes {tensor.datatype[:20]} for "
            f"'{asked.name}' of model '{model}'; fair-audit sends {', '.join(INPUT_TYPES.values())}"
        )
    if (tensor.datatype == "UINT8") != (asked.numbers is None):
        remedy = "leave it out" if asked.numbers else "name a preset or numbers"
        raise UsageError(
            f"{said.at('input', 'normalise')}: the server takes {tensor.datatype}; {remedy}"
        )
    sizes = dict(zip("HW", asked.size or (-1, -1), strict=True))
    layout = axes(said, "input", asked.layout, tensor.shape, sizes | {"C": asked.channels})
    further = further_tensors(said, metadata.inputs, layout.startswith("N"), model)
    free = layout.startswith("N") and tensor.shape[0] == -1
    output = named(said, "output", metadata.outputs, answer.name, model)
    check_type(said, output, model)
    if isinstance(answer, Masks):
        size = {} if answer.holds == "class_scores" else {"C": 1}
        found = axes(said, "output", answer.layout, output.shape, sizes | size, strict=False)
        check_batches(said, layout, found, output.shape)
        check_classes(said, answer, output, found)
    else:
        found = "N" if layout.startswith("N") else ""
        dims = output.shape[1:] if found else output.shape
        fault = fault_of_columns(math.prod(dims), answer) if min(dims, default=1) >= 0 else None
        if fault:
            key = "labels" if answer.labels else "classes" if answer.classes else "positive"
            raise UsageError(
                f"{said.at('output', key)}: '{answer.name}' of model '{model}' {fault}"
            )
    dtype = INPUT_TYPES[tensor.datatype]
    return Foreign(said, layout, dtype, found, output.datatype, None if free else 1, further)
