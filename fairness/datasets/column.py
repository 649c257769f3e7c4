"""Columns of a split whose values are made when they are asked for: many of them take no memory."""

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar, overload

from fairness.arrays import IntArray

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


class Columns(Mapping[str, IntArray]):
    """Arrays by name, each made anew whenever it is asked for."""

    def __init__(self, names: tuple[str, ...], of: Callable[[str], IntArray]) -> None:
        """Args: the names; gives the array of one."""
        self._names, self._of = names, of

    def __getitem__(self, name: str) -> IntArray:
        if name not in self._names:
            raise KeyError(name)
        return self._of(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def texts(values: Sequence[str]) -> Column[str]:
    """Texts as one long text: a byte a character of ASCII, and eight a text."""
    ends = array("Q", [0])
    for value in values:
        ends.append(ends[-1] + len(value))
    whole = "".join(values)
    return Column(len(values), lambda i: whole[ends[i] : ends[i + 1]])
