"""Columns of a split whose values are made when they are asked for: many of them take no memory."""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar, overload

import numpy as np

from fairness.arrays import IntArray

_PART = 1000
"""Texts that are objects at a time."""

_SHORT = 60
"""Bytes of a text that takes more as an object."""

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


class Texts:
    """Texts as one long one: a byte a character of ASCII, and four a text."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        """Take texts; `add` takes more."""
        self._whole, self._ends = bytearray(), array("I", [0])
        for text in texts:
            self.add(text)

    def add(self, text: str) -> None:
        """Take one more."""
        self._whole += text.encode(errors="surrogatepass")
        if len(self._whole) >= 2**32 and self._ends.typecode == "I":
            self._ends = array("Q", self._ends)
        self._ends.append(len(self._whole))

    def column(self) -> Column[str]:
        """All of them."""
        return Column(len(self._ends) - 1, self._text)

    def _text(self, index: int) -> str:
        text = self._whole[self._ends[index] : self._ends[index + 1]]
        return text.decode(errors="surrogatepass")


def sorted_texts(texts: Iterable[str]) -> Column[str]:
    """Texts in the order of their characters; short ones are never all in memory as objects.

    None may hold a zero character.
    """
    left, parts = iter(texts), []
    while part := list(islice(left, _PART)):
        # This encoding keeps the order of the characters.
        parts.append(np.array([text.encode(errors="surrogatepass") for text in part]))
    if any(part.dtype.itemsize > _SHORT for part in parts):
        decoded = (text.decode(errors="surrogatepass") for part in parts for text in part.tolist())
        return Texts(sorted(decoded)).column()
    found = np.concatenate(parts) if parts else np.zeros(0, "S1")
    parts.clear()
    found.sort()
    return Column(len(found), lambda i: bytes(found[i]).decode(errors="surrogatepass"))
