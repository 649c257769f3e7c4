"""A column of a split whose values are made when they are asked for: like a tuple, without it."""

from collections.abc import Callable, Sequence
from typing import TypeVar, overload

T = TypeVar("T", covariant=True)


class Column(Sequence[T]):
    """`count` values, each of which `at` makes from its number; equal to a tuple of the same."""

    def __init__(self, count: int, at: Callable[[int], T]) -> None:
        """Args: the number of values; gives the value of a number from 0 on."""
        self._count, self._at = count, at

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        numbers = range(self._count)[index]
        if isinstance(numbers, range):
            return tuple(map(self._at, numbers))
        return self._at(numbers)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # as long as it takes to compare two

    def __repr__(self) -> str:
        return repr(tuple(self))
