"""The workloads of the benchmark of clients: which images, which model, and who sends them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.client_data import FUNDUS, OCT, SMALL, Kind
from benchmarks.client_runs import Client
from benchmarks.clients.task import Task

QUIET = {"--attributes": "gender", "--replicates": "100", "--worst": "0"}
"""Flags of runs of which only the streaming is timed: what comes after it is kept short."""

LOOP = Client("tritonclient, a loop", "loop")
ASYNC = Client("tritonclient, 4 async", "four_async")
AIO = Client("tritonclient, aio, 4", "four_aio")
TRITONY = Client("tritony", "by_tritony")
BEFORE = Client("this project before, bytes", "predictor_before", baseline=True)
BYTES = Client("this project, bytes", "predictor", {"transport": "grpc"})
SHM = Client("this project, shared memory", "predictor", {"transport": "shm"})
RING = Client("ceiling: a ring, each image copied", "ring")
ONE = Client("ceiling: one buffer, nothing copied", "ring", {"copy": "no"})
IN_MEMORY = (LOOP, ASYNC, AIO, TRITONY, BEFORE, BYTES, SHM, RING, ONE)


@dataclass(frozen=True)
class Workload:
    """Images, a model, and the clients that take turns."""

    name: str
    kind: Kind
    model: str
    images: int
    """In memory."""
    clients: tuple[Client, ...]
    rounds: int
    answers: bool = True
    """Whether the model is near-free, so that its answers can be checked."""
    splits: tuple[tuple[str, int], ...] = ()
    """Name and images of each split on disk."""
    compressed: bool = False

    def task(self, client: Client, endpoint: str, folders: Mapping[str, Path]) -> Task:
        """What a client is to send."""
        images = dict(self.splits).get(client.size, self.images)
        return Task(
            endpoint=endpoint,
            model=self.model,
            shape=list(self.kind.shape),
            batch=self.kind.batch,
            images=images,
            folder=str(folders[client.size]) if client.size else "",
            key=self.kind.key,
            answers=self.answers and client is not ONE,
            flags=client.flags,
        )


def named(name: str, module: str, size: str, *, baseline: bool = False, **flags: str) -> Client:
    """A client that reads files; its flags with `_` for `-`."""
    words = {
        f"--{k.replace('_', '-')}": v for k, v in flags.items() if k not in ("journal", "dataset")
    }
    plain = {k: v for k, v in flags.items() if k in ("journal", "dataset")}
    of_command = QUIET if module == "command" else {}
    return Client(name, module, {**of_command, **words, **plain}, size, baseline)


def of_files(kind: Kind) -> tuple[Client, ...]:
    """Who sends images from files."""
    return (
        named("np.load and 4 async", "four_async", "few"),
        named("fair-audit before", "command", "few", baseline=True),
        named("fair-audit, bytes", "command", "many", transport="grpc"),
        named("fair-audit, shared memory", "command", "many", transport="shm"),
        named("ceiling: reading alone, 2 threads", "decode", "many", dataset=kind.dataset),
    )


LOOP_OF_FILES = named("np.load and a loop", "loop", "few")
TRITONY_OF_FILES = named("np.load and tritony", "by_tritony", "few")
NO_JOURNAL = named("the same, journal off", "command", "many", transport="shm", journal="off")


def cached(cache: Path) -> tuple[Client, ...]:
    """The command with decoded images from an earlier run."""
    return tuple(
        named(f"fair-audit, {what}, cached", "command", "cached", transport=way, cache=str(cache))
        for what, way in (("shared memory", "shm"), ("bytes", "grpc"))
    )


def computing() -> tuple[Client, ...]:
    """Who asks a model that computes."""
    return (
        named("np.load and 4 async", "four_async", "few"),
        named("fair-audit, bytes", "command", "few", transport="grpc"),
        named("fair-audit, shared memory", "command", "few", transport="shm"),
        named("the same, journal off", "command", "few", transport="shm", journal="off"),
        named("ceiling: fair-audit bench", "bench", "few"),
    )


def workloads(scale: float, rounds: int, cache: Path) -> list[Workload]:
    """All of them; `scale` shortens each run, `rounds` is that of the files."""

    def n(images: int, batch: int) -> int:
        return max(8, round(images * scale / batch)) * batch

    def files(few: int, many: int, batch: int = 32) -> tuple[tuple[str, int], ...]:
        return (("few", n(few, batch)), ("many", n(many, batch)))

    of_memory, of_less = rounds + (rounds > 1), min(rounds, 3)
    return [
        Workload("224x224 in memory", SMALL, "near_free", n(16384, 32), IN_MEMORY, of_memory),
        Workload("664x512 in memory", FUNDUS, "near_free", n(2048, 32), IN_MEMORY, of_memory),
        Workload("128x200x200 in memory", OCT, "near_free_oct", n(128, 4), IN_MEMORY, of_less),
        Workload("664x512, stored npz", FUNDUS, "near_free", 0,
                 (LOOP_OF_FILES, TRITONY_OF_FILES, *of_files(FUNDUS), NO_JOURNAL,
                  *cached(cache / "stored")), rounds,
                 splits=(*files(2048, 8192), ("cached", n(8192, 32)))),
        Workload("664x512, compressed npz", FUNDUS, "near_free", 0,
                 (*of_files(FUNDUS), *cached(cache / "compressed")), rounds,
                 splits=(*files(768, 2560), ("cached", n(8192, 32))), compressed=True),
        Workload("224x224, stored npz", SMALL, "near_free", 0, of_files(SMALL), of_less,
                 splits=files(4096, 16384)),
        Workload("128x200x200, stored npz", OCT, "near_free_oct", 0, of_files(OCT), of_less,
                 splits=files(64, 192, 4)),
        Workload("a model that computes, 224x224, stored npz", SMALL, "computing", 0,
                 computing(), rounds, answers=False, splits=files(512, 512)),
    ]  # fmt: skip
