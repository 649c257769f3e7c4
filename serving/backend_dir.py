"""Triton's backend directory for the wheel's server, built once into the user's cache.

It holds `python/` (the wheel's Python backend with the stub of the running Python version beside
it) and `onnxruntime/` (ours). Its name is the hash of its content and it appears by one rename, so
that a server that runs from it is never disturbed: writing over a running stub fails with ETXTBSY.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from serving.errors import ServingError
from serving.wheel import Wheel

OURS = Path(__file__).parent / "backends"


def backend_directory(wheel: Wheel, cache: Path) -> Path:
    """The backend directory for `wheel`, below `cache`; built where it is missing or damaged.

    Raises:
        ServingError: `cache` cannot be written.
    """
    files = contents(wheel)
    expected = digest(files)
    folder = cache / f"backends-{expected[:16]}"
    try:
        if not folder.exists():
            _build(files, folder)
        elif digest({name: folder / name for name in files}) != expected:
            _move_away(folder)
            _build(files, folder)
    except OSError as error:
        raise ServingError(
            f"cannot write the backend directory {folder}: {error.strerror}; "
            "name a writable folder in XDG_CACHE_HOME"
        ) from None
    return folder.resolve()


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Cache folder of this user (XDG base directories)."""
    root = environment.get("XDG_CACHE_HOME", "")
    base = Path(root) if Path(root).is_absolute() else Path.home() / ".cache"
    return base / "fair-audit-triton"


def contents(wheel: Wheel) -> dict[str, Path]:
    """Source file of every file in the backend directory, by path inside it."""
    files = {f"python/{path.name}": path for path in _plain_files(wheel.python_backend)}
    files[f"python/{wheel.stub.name}"] = wheel.stub
    files |= {f"onnxruntime/{path.name}": path for path in _plain_files(OURS / "onnxruntime")}
    return files


def digest(files: Mapping[str, Path]) -> str:
    """SHA-256 over names and bytes; a file that is absent counts as such."""
    total = hashlib.sha256()
    for name, path in sorted(files.items()):
        content = path.read_bytes() if path.is_file() else b"absent"
        total.update(f"{name} {len(content)}\n".encode() + content)
    return total.hexdigest()


def _plain_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())


def _build(files: Mapping[str, Path], folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=folder.parent))
    for name, source in files.items():
        target = draft / name
        target.parent.mkdir(exist_ok=True)
        shutil.copy(source, target)  # with its mode: the stub must be executable
    try:
        os.rename(draft, folder)
    except OSError:
        shutil.rmtree(draft)
        if not folder.exists():  # otherwise another process was first, with the same bytes
            raise


def _move_away(folder: Path) -> None:
    away = Path(tempfile.mkdtemp(prefix="damaged-", dir=folder.parent))
    os.rename(folder, away / folder.name)
    shutil.rmtree(away)
