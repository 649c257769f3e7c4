"""Tensors of a TorchScript archive, read without running anything that it holds.

Such an archive is a zip: `data.pkl` is a pickle of the module, `data/0`, `data/1`, ... are the
numbers of its tensors, `code/` is its program. Neither program nor pickle is executed: the pickle's
instructions are walked by the few rules below, and the names that it asks for are compared with a
list, never imported.
"""

import math
import pickletools
import zipfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import torch
from torch import Tensor

PICKLE = "data.pkl"
LARGEST_PICKLE = 1 << 24
"""Bytes; the one of CLIP ViT-L/14 has a few 100 KB."""
MOST_NAMES = 100_000
LONGEST_NAME = 300

DTYPES = {
    "torch HalfStorage": torch.float16,
    "torch BFloat16Storage": torch.bfloat16,
    "torch FloatStorage": torch.float32,
    "torch DoubleStorage": torch.float64,
    "torch LongStorage": torch.int64,
    "torch IntStorage": torch.int32,
    "torch BoolStorage": torch.bool,
}
REBUILD, ORDERED = "torch._utils _rebuild_tensor_v2", "collections OrderedDict"
LISTS = "torch.jit._pickle "
"""Begins the names of functions that would make typed lists, which hold no parameters."""
MODULES = ("__torch__ ", "__torch__.")


def is_torchscript(archive: zipfile.ZipFile) -> bool:
    """Whether a zip is an archive of TorchScript: it holds a program beside its numbers."""
    parts = [PurePosixPath(name).parts for name in archive.namelist()]
    return any(part[1:] == ("constants.pkl",) or part[1:2] == ("code",) for part in parts)


def read_torchscript(path: Path) -> dict[str, Tensor]:
    """All tensors of the module in an archive, by the names of its attributes, on the CPU.

    Raises:
        ValueError, or what a damaged zip makes Python and torch raise: the archive is damaged, or
            asks for something that a network's parameters do not need.
    """
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        pickles = [name for name in names if PurePosixPath(name).parts[1:] == (PICKLE,)]
        if len(pickles) != 1 or archive.getinfo(pickles[0]).file_size > LARGEST_PICKLE:
            raise ValueError(f"it must have one {PICKLE} of at most {LARGEST_PICKLE >> 20} MB")
        numbers = _Numbers(archive, pickles[0].removesuffix(PICKLE))
        return named_tensors(walk(numbers.read(PICKLE), numbers))


@dataclass(frozen=True)
class _Name:
    """What stands for a class or a function: its module and name."""

    text: str


@dataclass(frozen=True)
class _Module:
    """What stands for a part of the network."""

    attributes: dict[str, Any] = field(default_factory=dict)


class _Numbers:
    """Storages of an archive by their keys, each read once."""

    def __init__(self, archive: zipfile.ZipFile, root: str) -> None:
        self._archive, self._root = archive, root
        self._kept: dict[tuple[str, str], Tensor] = {}
        order = f"{root}byteorder"
        if order in archive.namelist() and archive.read(order) != b"little":
            raise ValueError("its numbers are not in little-endian order")

    def read(self, name: str) -> bytes:
        info = self._archive.getinfo(self._root + name)
        if info.compress_type != zipfile.ZIP_STORED:  # it could unfold into any amount of memory
            raise ValueError(f"{name} is compressed, which torch never does")
        return self._archive.read(info)

    def storage(self, kind: str, key: str) -> Tensor:
        """All numbers (n,) of a storage."""
        if (kind, key) not in self._kept:
            content = bytearray(self.read(f"data/{key}"))
            self._kept[kind, key] = torch.frombuffer(content, dtype=DTYPES[kind])
        return self._kept[kind, key]


def walk(content: bytes, numbers: _Numbers) -> object:
    """What a pickle stands for, with `_Module` in the place of every class of a program.

    Raises:
        ValueError: it holds an instruction or asks for a name that modules do not need.
    """
    stack: list[Any] = []
    marks: list[int] = []
    memo: dict[object, Any] = {}
    for instruction, argument, _ in pickletools.genops(content):
        match instruction.name:
            case "PROTO" | "STOP":
                pass
            case "NONE" | "NEWTRUE" | "NEWFALSE":
                stack.append({"NONE": None, "NEWTRUE": True, "NEWFALSE": False}[instruction.name])
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINFLOAT" | "BINUNICODE":
                stack.append(argument)
            case "EMPTY_TUPLE" | "EMPTY_LIST" | "EMPTY_DICT":
                stack.append({"TUPLE": (), "LIST": [], "DICT": {}}[instruction.name[6:]])
            case "BINPUT" | "LONG_BINPUT":
                memo[argument] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(memo[argument])
            case "MARK":
                marks.append(len(stack))
            case "TUPLE":
                stack.append(tuple(_since(stack, marks.pop())))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                stack.append(tuple(_since(stack, len(stack) - int(instruction.name[5:]))))
            case "APPEND" | "APPENDS":
                start = marks.pop() if instruction.name == "APPENDS" else len(stack) - 1
                items = _since(stack, start)
                stack[-1].extend(items)
            case "SETITEM" | "SETITEMS":
                start = marks.pop() if instruction.name == "SETITEMS" else len(stack) - 2
                items = _since(stack, start)
                stack[-1].update(zip(_texts(items[::2]), items[1::2], strict=True))
            case "GLOBAL":
                stack.append(_allowed(str(argument)))
            case "BINPERSID":
                stack.append(_storage(stack.pop(), numbers))
            case "REDUCE":
                arguments, function = stack.pop(), stack.pop()
                stack.append(_made(function.text, arguments))
            case "NEWOBJ":
                _, kind = stack.pop(), stack.pop()
                stack.append(_Module() if kind.text.startswith(MODULES) else None)
            case "BUILD":
                state = stack.pop()
                stack[-1].attributes.update(zip(_texts(list(state)), state.values(), strict=True))
            case other:
                raise ValueError(f"its pickle holds the instruction {other}")
    return stack.pop()


def named_tensors(module: object) -> dict[str, Tensor]:
    """Tensors of a module and the modules within, named as a state dict names them."""
    found: dict[str, Tensor] = {}
    todo, seen = [("", module)], 0
    while todo:
        prefix, part = todo.pop()
        if not isinstance(part, _Module):
            raise ValueError(f"its {PICKLE} is no module")
        for name, value in part.attributes.items():
            seen += 1
            if seen > MOST_NAMES or len(prefix) > LONGEST_NAME:  # it may hold itself
                raise ValueError("its modules are nested without end")
            if isinstance(value, Tensor):
                found[prefix + name] = value
            elif isinstance(value, _Module):
                todo.append((f"{prefix}{name}.", value))
    return found


def _since(stack: list[Any], start: int) -> list[Any]:
    items = stack[start:]
    del stack[start:]
    return items


def _texts(keys: list[object]) -> list[str]:
    texts = [key for key in keys if isinstance(key, str)]
    if len(texts) < len(keys):
        raise ValueError("its pickle holds a mapping of something other than names")
    return texts


def _allowed(name: str) -> _Name:
    if name in DTYPES or name in (REBUILD, ORDERED) or name.startswith((*MODULES, LISTS)):
        return _Name(name)
    raise ValueError(f"its pickle asks for {name[:100].replace(' ', '.')}, which no network needs")


def _storage(reference: tuple[Any, ...], numbers: _Numbers) -> Tensor:
    _, kind, key, _, _ = reference  # the device and the count are of no use here
    return numbers.storage(kind.text, str(key))


def _made(function: str, arguments: tuple[Any, ...]) -> object:
    if function == REBUILD:
        storage, offset, size, stride = arguments[:4]
        return _tensor(storage, offset, size, stride)
    return {} if function == ORDERED else None


def _tensor(storage: Tensor, offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> Tensor:
    """A view of a storage whose last element lies within it."""
    if min((offset, *size, *stride)) < 0:
        raise ValueError("a tensor has a negative size")
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if last >= storage.numel() or math.prod(size) > storage.numel():
        raise ValueError("a tensor is larger than its numbers")
    return storage.as_strided(size, stride, offset)
