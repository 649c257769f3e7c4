"""A model goes into a Triton repository whole or not at all, even under a server that polls it.

Triton takes every folder of the repository for a model and every numbered folder of a model for a
version; it ignores files beside the models. New files are therefore written whole, as hidden
files of the repository, and then moved. A configuration names the one version it describes, so at
every moment a server sees either the old pair of configuration and version, or the new one.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fairness.errors import DataError, UsageError

MODEL_FILE = "model.onnx"
CONFIG_FILE = "config.pbtxt"


def require_name(name: str) -> None:
    """Refuse a model name that cannot be a folder and a gRPC name.

    Raises:
        UsageError: the name has other characters than letters, digits, `.`, `_`, `-`.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", name):
        raise UsageError(
            f"--name {name!r} cannot name a model: use letters, digits, '.', '_' and '-', "
            "beginning with a letter or digit"
        )


def require_writable(repository: Path) -> None:
    """Refuse, before any work is done, a repository that could not be written to.

    Raises:
        DataError: it, or the folder that it would be made in, is not a writable folder.
    """
    folder = repository.absolute()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise DataError(
            f"{repository}: cannot be written to ({folder} is not a writable folder); "
            "choose another with --repository"
        )


def publish(
    repository: Path, name: str, model: bytes, config: Callable[[int], str]
) -> tuple[Path, int]:
    """Add a model, or the next version of it.

    Args:
        repository: made if absent.
        name: the model's folder in it.
        model: the ONNX file.
        config: the text of `config.pbtxt` for a version number.

    Returns:
        The model's folder and the new version.

    Raises:
        DataError: the file system refused; no half model is left behind.
    """
    folder = repository / name
    try:
        repository.mkdir(parents=True, exist_ok=True)
        version = next_version(folder)
        with _staged(repository / f".{name}-{os.getpid()}.onnx", model) as staged_model:
            text = config(version).encode()
            with _staged(repository / f".{name}-{os.getpid()}.pbtxt", text) as staged_config:
                _move_in(folder, version, staged_model, staged_config)
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror or error})") from error
    return folder, version


def next_version(folder: Path) -> int:
    """One more than the highest numbered folder of a model; 1 where there is none."""
    versions = [int(path.name) for path in folder.glob("[0-9]*") if path.name.isdecimal()]
    return max(versions, default=0) + 1


@contextmanager
def _staged(path: Path, content: bytes) -> Iterator[Path]:
    """A file written through to the disk, gone at the end unless it was moved away."""
    try:
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield path
    finally:
        path.unlink(missing_ok=True)


def _move_in(folder: Path, version: int, model: Path, config: Path) -> None:
    """Move both files to their places in the order that never shows a half model."""
    described = (folder / CONFIG_FILE).exists()
    staging = folder / f".{version}-{os.getpid()}"  # not a number, so not a version
    staging.mkdir(parents=True)
    model.replace(staging / MODEL_FILE)
    if described:  # the server keeps to the version that the old configuration names
        staging.replace(folder / str(version))
        config.replace(folder / CONFIG_FILE)
    else:  # a version without a configuration would be loaded with a guessed one
        config.replace(folder / CONFIG_FILE)
        staging.replace(folder / str(version))
