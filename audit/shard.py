"""A part of an audit: the i-th of n ranges of its batches, by hand or as a scheduler counts.

Slurm numbers the tasks of an array from wherever its user wants (SLURM_ARRAY_TASK_MIN), Kubernetes
the pods of an Indexed Job from 0 (JOB_COMPLETION_INDEX) without telling how many there are.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeAlias, TypeVar

import tyro

from fairness.errors import UsageError

KUBERNETES = "JOB_COMPLETION_INDEX"
SLURM = "SLURM_ARRAY_TASK_ID"
MOST = 100_000
"""Shards of one audit."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Shard:
    """Number `number` of `of`, from 1 on."""

    number: int
    of: int

    def __str__(self) -> str:
        """`2/3`, as the flag has it."""
        return f"{self.number}/{self.of}"

    @property
    def folder(self) -> str:
        """Its own, in that of the audit."""
        return f"shard-{self.number}-of-{self.of}"

    def range(self, n: int) -> tuple[int, int]:
        """Which of n things are its own: the first, and the one behind the last.

        All shards together have each once, in order; their sizes differ by one at most.
        """
        return n * (self.number - 1) // self.of, n * self.number // self.of

    def of_batches(self, batches: Sequence[Item]) -> Sequence[Item]:
        """Its own of all batches.

        Raises:
            UsageError: there are fewer batches than shards.
        """
        if self.of > len(batches):
            raise UsageError(
                f"--shard {self}: the split has {len(batches)} batches; make {len(batches)} shards "
                "or fewer, or smaller batches with --batch"
            )
        first, behind = self.range(len(batches))
        return batches[first:behind]


def shard_in(text: str, environment: Mapping[str, str]) -> Shard:
    """What `--shard` says: `2/3`, `auto` or `auto/3`.

    Args:
        text: of the flag.
        environment: variables, of which `auto` reads those of a scheduler.

    Raises:
        UsageError: it says nothing of the kind, or the variables do not.
    """
    found = re.fullmatch(r"(auto|\d{1,9})(?:/(\d{1,9}))?", text, re.ASCII)
    if found is None or (found[1] != "auto" and found[2] is None):
        raise UsageError(f"--shard {text}: give i/n, such as 1/3, or auto, or auto/3")
    of = None if found[2] is None else int(found[2])
    if found[1] == "auto":
        shard = by_scheduler(text, of, environment)
    else:
        assert of is not None
        shard = Shard(int(found[1]), of)
    if not 1 <= shard.number <= shard.of <= MOST:
        why = f"that is shard {shard}; " if found[1] == "auto" else ""
        raise UsageError(f"--shard {text}: {why}give i/n with i from 1 to n, n at most {MOST}")
    return shard


def by_scheduler(text: str, of: int | None, environment: Mapping[str, str]) -> Shard:
    """The shard that is this task of a Slurm array, or this pod of an Indexed Job.

    Args:
        text: of the flag, for errors.
        of: how many shards it names, if it does.
        environment: variables.
    """
    there = [name for name in (KUBERNETES, SLURM) if name in environment]
    if len(there) != 1:
        both = f"{KUBERNETES} and {SLURM} are both"
        which = both if there else f"neither {KUBERNETES} nor {SLURM} is"
        raise UsageError(f"--shard {text}: {which} set; give --shard i/n")
    if there == [SLURM]:
        return by_slurm(text, of, environment)
    if of is None:
        raise UsageError(
            f"--shard {text}: {KUBERNETES} does not say of how many; give --shard auto/n with the "
            "completions of the Job"
        )
    return Shard(number_in(KUBERNETES, text, environment) + 1, of)


def by_slurm(text: str, of: int | None, environment: Mapping[str, str]) -> Shard:
    """The shard that is this task of an array; arguments as `by_scheduler`.

    Raises:
        UsageError: tasks have gaps between them, or are not all of the shards, as where one of
            them was submitted again alone.
    """
    here, count, first = (
        number_in(f"SLURM_ARRAY_TASK_{what}", text, environment) for what in ("ID", "COUNT", "MIN")
    )
    if of is not None and of != count:
        raise UsageError(
            f"--shard {text}: the array has {count} tasks (SLURM_ARRAY_TASK_COUNT); where some are "
            "submitted again alone, give --shard i/n"
        )
    step = number_in("SLURM_ARRAY_TASK_STEP", text, {"SLURM_ARRAY_TASK_STEP": "1", **environment})
    usual = {"SLURM_ARRAY_TASK_MAX": str(first + step * (count - 1))}
    last = number_in("SLURM_ARRAY_TASK_MAX", text, {**usual, **environment})
    if step < 1 or last - first != step * (count - 1) or (here - first) % step:
        raise UsageError(
            f"--shard {text}: task {here} is one of {count} from {first} to {last}, which are not "
            "evenly numbered; submit --array=1-n, or give --shard i/n"
        )
    return Shard((here - first) // step + 1, count)


def number_in(name: str, text: str, environment: Mapping[str, str]) -> int:
    """A variable as a number.

    Raises:
        UsageError: it is absent, or none.
    """
    said = environment.get(name, "")
    if not re.fullmatch(r"\d{1,9}", said, re.ASCII):
        raise UsageError(
            f"--shard {text}: {name} is {said[:40]!r}, no whole number; give --shard i/n"
        )
    return int(said)


ShardFlag: TypeAlias = Annotated[
    Shard,
    tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="I/N|auto|auto/N",
        instance_from_str=lambda words: shard_in(words[0], os.environ),
        is_instance=lambda value: isinstance(value, Shard),
        str_from_instance=lambda shard: [str(shard)],
    ),
]
"""A shard as one word."""
