"""Turns a good input into a bad one: bytes are damaged anywhere, values replaced by odd ones."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

Rng = np.random.Generator

ODD_TEXTS = (
    "", " ", "\x00", "\x1b[2J", "\u202e", "\ud800", "\ufeff", "\n", "a\tb", "x" * 5000, "é" * 200,
    "../../x", "/etc/passwd", ".", "=1+1", "-1", "nan", "None", "[/]", "{x}", "%s", "'", '"', ",",
    ";", "null", "1e999", "0x10", "1_0", "\u0661", "2024-13-45", "<<", "*a", "&a",
    "!!python/name:os",
)  # fmt: skip
ODD_NUMBERS = (
    0, -1, 1, 2, 0.5, -0.0, 1e-320, 1e308, -1e308, float("nan"), float("inf"), float("-inf"),
    2**31, 2**53 + 1, 2**63, -(2**63) - 1, 2**64, 10**30, 10**400, True, False,
)  # fmt: skip
ODD_VALUES: tuple[object, ...] = (*ODD_TEXTS, *ODD_NUMBERS, None, [], {}, [[]], [None], {"": None})


def pick(rng: Rng, choices: Any) -> Any:
    """One of a sequence, as a copy that may be changed."""
    return copy.deepcopy(choices[int(rng.integers(len(choices)))])


def damaged_bytes(rng: Rng, content: bytes) -> bytes:
    """One to four places flipped, cut, doubled, moved, blanked or overwritten by odd numbers."""
    data = bytearray(content)
    for _ in range(int(rng.integers(1, 5))):
        if not data:
            break
        start = int(rng.integers(len(data)))
        end = min(len(data), start + int(rng.choice([1, 2, 4, 16, 64, 1024])))
        kind = int(rng.integers(7))
        if kind == 0:
            data[start] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            data[start:end] = rng.bytes(end - start)
        elif kind == 2:
            del data[start:end]
        elif kind == 3:
            del data[start:]
        elif kind == 4:
            other = int(rng.integers(len(data)))
            data[other:other] = data[start:end]
        elif kind == 5:
            data[start:end] = bytes(end - start)
        else:
            data[start:end] = pick(rng, (b"\xff", b"\x7f\xff\xff\xff", b"\x80", b"\n", b",", b'"'))
    return bytes(data)


def odd_document(rng: Rng, document: Any) -> Any:
    """A copy of nested dicts and lists in which one to three values or keys are odd."""
    found = copy.deepcopy(document)
    for _ in range(int(rng.integers(1, 4))):
        holders = list(_holders(found))
        if not holders:
            return pick(rng, ODD_VALUES)
        holder = holders[int(rng.integers(len(holders)))]
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        _change_one(rng, holder, pick(rng, keys))
    return found


def _change_one(rng: Rng, holder: Any, key: Any) -> None:
    kind = int(rng.integers(6))
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, dict):
        holder[pick(rng, ODD_TEXTS)] = holder.pop(key)
    elif kind == 2:
        holder[key] = [holder[key]] * int(rng.choice([0, 1, 2, 300]))
    elif kind == 3:
        for _ in range(int(rng.choice([1, 60]))):
            holder[key] = {"a": holder[key]}
    else:
        holder[key] = pick(rng, ODD_VALUES)


def _holders(value: Any) -> Any:
    """Every dict and list in a document that holds anything."""
    if isinstance(value, dict | list) and value:
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _holders(inner)


def odd_array(rng: Rng, array: Any) -> Any:
    """Another array in the place of a good one: of an odd type, shape or value."""
    types = (np.float16, np.float64, np.int8, np.uint64, np.complex64)
    number = array if array.dtype.kind in "biuf" else np.arange(6.0)
    kinds: tuple[Callable[[], Any], ...] = (
        lambda: number.astype(pick(rng, types)),
        lambda: array[None],
        lambda: array.ravel(),
        lambda: array[..., :0] if array.ndim else np.zeros(0),
        lambda: np.array(pick(rng, ODD_TEXTS).replace("\ud800", "")),
        lambda: np.array(pick(rng, ODD_NUMBERS[:12])),
        lambda: np.array([None, "x"], dtype=object),
        lambda: np.full(array.shape, pick(rng, (0, 1, -1, 2**40))),
        lambda: np.array(b"\xff\x00bytes"),
        lambda: np.datetime64("2024-01-01"),
        lambda: np.zeros(3, dtype=[("a", "i4"), ("b", "f8")]),
        lambda: np.broadcast_to(np.float64(0.5), (2, 3, 4, 5)),
        lambda: number.astype(">f8"),
        lambda: np.array("x" * 10**5),
    )
    return pick(rng, kinds)()
