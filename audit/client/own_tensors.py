"""Checks of a self-description against the tensors that the server says its model has."""

from collections.abc import Iterable, Sequence
from typing import Any

from fairness.clip_tokens import CONTEXT
from fairness.contract import ModelSpec
from fairness.errors import ServerError
from fairness.tasks.catalogue import TASKS


def check_tensors(name: str, metadata: Any, spec: ModelSpec) -> None:
    """Refuse a model whose inputs and output are not those of its self-description."""
    task = TASKS[spec.task]
    image = list(spec.image_shape or (-1, -1))
    check_tensor(name, "input", metadata.inputs, spec.input, "UINT8", [-1, *image])
    if spec.group_input is not None:
        check_tensor(name, "input", metadata.inputs, spec.group_input.name, "INT64", [-1, 1])
    if spec.text_input is not None:
        tokens = [-1, CONTEXT]
        check_tensor(name, "input", metadata.inputs, spec.text_input.name, "INT64", tokens)
    answer = [-1, *task.answer_shape(spec, image)]
    check_tensor(name, "output", metadata.outputs, spec.output, task.datatype, answer)


def check_tensor(
    model: str, role: str, tensors: Iterable[Any], name: str, datatype: str, shape: list[int]
) -> None:
    """Refuse a model whose tensor `name` is missing or of another type or shape than we send."""
    for tensor in tensors:
        if tensor.name == name:
            found = f"{tensor.datatype} {list(tensor.shape[:9])}"
            if found != f"{datatype} {shape}":
                raise ServerError(
                    f"model '{model}': {role} '{name}' is {found}, fair-audit needs "
                    f"{datatype} {shape}; export the model again with python -m export"
                )
            return
    raise ServerError(
        f"model '{model}': no {role} '{name}' (it has: {some([t.name for t in tensors])}); "
        "its self-description belongs to another model, export it again with python -m export"
    )


def some(names: Sequence[str], most: int = 20) -> str:
    """Up to `most` names as one text, and how many there are besides."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(name[:100] for name in names[:most]) or "nothing") + more
