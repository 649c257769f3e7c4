"""What a client is to send, the answers that it must get, and how it says how long it took."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

DISTINCT = 251
"""Images that differ in their first pixel, by which a near-free model answers."""


@dataclass(frozen=True)
class Task:
    """Images for one model of one server."""

    endpoint: str
    model: str
    shape: list[int]
    """Of one image."""
    batch: int
    images: int
    """How many, a multiple of `batch`."""
    folder: str = ""
    """Of a split on disk; empty: the images are in memory when the clock starts."""
    key: str = ""
    """Of the image in its npz file."""
    answers: bool = True
    """Whether the model answers each image with its first pixel / 255."""
    flags: dict[str, str] = field(default_factory=dict)
    """Of one client."""

    def in_memory(self) -> Array:
        """All images (N, ...), random but for the first pixel of each."""
        rng = np.random.default_rng(0)
        few = rng.integers(0, 256, (min(self.images, 64), *self.shape), dtype=np.uint8)
        found = np.empty((self.images, *self.shape), np.uint8)
        for start in range(0, self.images, len(few)):
            found[start : start + len(few)] = few[: self.images - start]
        found.reshape(self.images, -1)[:, 0] = np.arange(self.images) % DISTINCT
        return found

    def files(self) -> list[Path]:
        """The npz files, in order."""
        return sorted(Path(self.folder).rglob("*.npz"))[: self.images]

    def batches(self) -> "Iterator[Array] | Sequence[Array]":
        """Batches (B, ...): those in memory are made now, those on disk are read as they come."""
        if not self.folder:
            images = self.in_memory()
            return [images[i : i + self.batch] for i in range(0, len(images), self.batch)]
        return self._read()

    def _read(self) -> Iterator[Array]:
        files = self.files()
        for start in range(0, len(files), self.batch):
            yield np.stack([load(file, self.key) for file in files[start : start + self.batch]])

    def warm_up(self) -> Array:
        """A batch that is sent before the clock starts."""
        return np.zeros((self.batch, *self.shape), np.uint8)


def load(file: Path, key: str) -> Array:
    """The image of an npz file, as numpy reads it."""
    with np.load(file, allow_pickle=False) as npz:
        return np.asarray(npz[key])


def run(send: Callable[[Task], tuple[float, Sequence[Array]]]) -> None:
    """Run a client on the task in `sys.argv`; print its images and seconds as JSON.

    Raises:
        ValueError: it did not get an answer to each image, or another one.
    """
    task = Task(**json.loads(sys.argv[1]))
    seconds, answers = send(task)
    check(task, np.concatenate([one.reshape(-1) for one in answers]))
    say(task.images, seconds)


def check(task: Task, answers: Array) -> None:
    """Refuse answers that the model cannot have given; errors as `run`."""
    if answers.shape != (task.images,):
        raise ValueError(f"{task.images} images, {answers.shape} answers")
    wanted = np.arange(task.images) % DISTINCT / 255
    if task.answers and not np.allclose(answers, wanted, atol=1e-6):
        raise ValueError(f"{(np.abs(answers - wanted) > 1e-6).sum()} answers are of other images")


def say(images: int, seconds: float, **more: Any) -> None:
    """The result, as the last line of a client."""
    print(json.dumps({"images": images, "seconds": seconds, **more}))
