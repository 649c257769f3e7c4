"""A command to type next, with the flags that were typed now."""

import re
import shlex
from collections.abc import Collection, Sequence
from dataclasses import fields

from audit.table_flags import TableFlags

MODEL_AND_DATA = ("model", "version", "data", "split", "attributes", "on_error")
SHARED = frozenset((*MODEL_AND_DATA, *(field.name for field in fields(TableFlags))))
"""Flags of a model and its data, which several commands have; each takes one word."""


def retyped(command: str, typed: Sequence[str], shared: Collection[str] = SHARED) -> str:
    """`command` with those of the typed words that are shared flags and their values, for a shell.

    Args:
        command: what stands before them, and reaches the server.
        typed: words of a command line.
        shared: names of flags, with `_` for `-`.
    """
    kept: list[str] = []
    words = iter(typed)
    for word in words:
        name, equals, _ = word.partition("=")
        if not re.fullmatch("--[a-z_-]+", name):
            continue
        plain = name[2:].replace("-", "_")
        if plain not in shared:
            continue
        kept.append(word)
        if not equals:
            kept += [value for value in [next(words, None)] if value is not None]
    return " ".join([command, shlex.join(kept)]).strip()
