"""Tensors that a described model takes beside the image, held to what the server says of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fairness.arrays import Array
from fairness.datasets.table_inputs import ColumnInput, cast
from fairness.errors import DataError, UsageError
from fairness.foreign.further_input import MOST_NUMBERS, FurtherInput
from fairness.foreign.model_yaml import Described

TYPES: dict[str, np.dtype[Any]] = {
    **{f"FP{bits}": np.dtype(f"float{bits}") for bits in (16, 32, 64)},
    **{f"{sign}INT{bits}": np.dtype(f"{sign}int{bits}".lower())
       for sign in ("", "U") for bits in (8, 16, 32, 64)},
    "BOOL": np.dtype(bool),
}  # fmt: skip
"""By the protocol's names, which are those of model.yaml in capital letters."""


@dataclass(frozen=True)
class FurtherTensor:
    """One tensor beside the image."""

    name: str
    constant: Array | None
    """Of one sample; None: each sample has its own."""
    batched: bool
    """Whether it has an axis of batches."""
    column: ColumnInput | None
    """What a sample's own is made of."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one sample."""
        if self.constant is not None:
            return self.constant.shape
        return self.column.shape if self.column is not None else ()

    def of(self, rows: int, own: Mapping[str, Array]) -> Array:
        """The tensor for `rows` images, whose own ones are (rows, ...) by name.

        Raises:
            DataError: the images have none, as probes.
        """
        if self.constant is not None:
            shape = (rows, *self.constant.shape) if self.batched else self.constant.shape
            return np.array(np.broadcast_to(self.constant, shape), order="C")
        if self.name not in own:
            raise DataError(f"'{self.name}' is made of a column, and these images have none")
        return own[self.name] if self.batched else own[self.name][0]


def further_tensors(
    said: Described, tensors: Sequence[Any], batched: bool, model: str
) -> tuple[FurtherTensor, ...]:
    """Every further tensor that the description names, as the server takes it.

    Args:
        said: the description.
        tensors: that the server says the model takes.
        batched: whether images go with an axis of batches.
        model: its name.

    Raises:
        UsageError: the model takes another one, lacks one, or takes it otherwise; names the line.
    """
    described, image = said.description.inputs, said.description.input.name
    by_name = {tensor.name: tensor for tensor in tensors}
    for name in by_name:
        if name not in (*described, image):
            raise UsageError(
                f"{said.at('input', 'name')}: model '{model}' also needs '{name[:100]}'; say under "
                "'inputs' which constant or column of the table it is (docs/your-own-model.md)"
            )
    for name in described:
        if name not in by_name:
            has = ", ".join(known[:100] for known in [*by_name][:20])
            raise UsageError(
                f"{said.at('inputs', name)}: model '{model}' has no such input, but {has}"
            )
    return tuple(
        _resolved(said, name, extra, by_name[name], batched) for name, extra in described.items()
    )


def _resolved(
    said: Described, name: str, extra: FurtherInput, tensor: Any, batched: bool
) -> FurtherTensor:
    kind = tensor.datatype
    if kind not in TYPES or extra.dtype not in (None, kind.lower()):
        raise UsageError(
            f"{said.at('inputs', name, 'dtype')}: the server takes {kind[:20]}; fair-audit sends "
            f"{', '.join(TYPES)}"
        )
    where = said.at("inputs", name)
    shape, has_batch = _shape_of(said, name, extra, list(tensor.shape), batched)
    if extra.column is None:
        try:
            flat = np.array(extra.constant, dtype=np.float64).reshape(-1)
            value = cast(flat, TYPES[kind])
        except ValueError as error:
            raise UsageError(f"{said.at('inputs', name, 'constant')}: {error}") from None
        constant = np.full(shape, value[0]) if value.size == 1 else value.reshape(shape)
        return FurtherTensor(name, constant, has_batch, None)
    codes = None if extra.codes is None else {str(k): v for k, v in extra.codes.items()}
    column = ColumnInput(
        column=extra.column,
        where=where,
        dtype=TYPES[kind],
        shape=shape,
        codes=codes,
        subtract=extra.subtract or 0.0,
        divide_by=extra.divide_by or 1.0,
        unknown=extra.unknown,
        pad=extra.pad,
    )
    return FurtherTensor(name, None, has_batch, column)


def _shape_of(
    said: Described, name: str, extra: FurtherInput, dims: list[int], batched: bool
) -> tuple[tuple[int, ...], bool]:
    """Shape of one sample's tensor, and whether the tensor has an axis of batches."""
    ways = [(dims[1:], True)] if batched and dims and dims[0] in (-1, 1) else []
    if not batched or extra.constant is not None:
        ways.append((dims, False))
    count = len(extra.constant) if isinstance(extra.constant, tuple) else None
    for inner, has_batch in ways:
        shape = extra.shape if extra.shape is not None else _closed(inner, count)
        fits = shape is not None and len(shape) == len(inner) and all(
            dim in (-1, length) for dim, length in zip(inner, shape, strict=True)
        )  # fmt: skip
        size = math.prod(shape or ())
        if shape is not None and fits and count in (None, size) and size <= MOST_NUMBERS:
            return shape, has_batch
    told = f"{list(extra.shape)}" if extra.shape is not None else "no shape"
    numbers = "" if count is None else f" of {count} numbers"
    raise UsageError(
        f"{said.at('inputs', name, 'shape')}: the server says {dims[:9]}, the description {told}"
        f"{numbers}; give the shape of one sample, without the axis of batches, up to "
        f"{MOST_NUMBERS} numbers"
    )


def _closed(dims: list[int], count: int | None) -> tuple[int, ...] | None:
    """The shape where the server, or the number of numbers, leaves none open."""
    known = math.prod(dim for dim in dims if dim != -1)
    if -1 not in dims:
        return tuple(dims)
    if count is None or dims.count(-1) > 1 or known <= 0 or count % known:
        return None
    return tuple(count // known if dim == -1 else dim for dim in dims)
