"""Writes a file, or the files of a folder, whole or not at all."""

import errno
import os
import shutil
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

PRIVATE = 0o600
"""Mode of a file that its owner alone may read."""


def write_atomically(
    path: Path, content: bytes | str | Iterable[bytes], *, private: bool = False
) -> None:
    """Write beside `path`, then rename, so that nobody ever reads half a file; text as UTF-8.

    Content may come in parts. What could not be written leaves nothing behind. A private file is
    nobody else's to read, whatever the umask.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name[:100]}.{os.getpid()}.part")
    mode = PRIVATE if private else 0o666  # the umask takes its share
    try:
        part.unlink(missing_ok=True)
        with open(part, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            if isinstance(content, str):
                content = content.encode(errors="replace")
            file.writelines([content] if isinstance(content, bytes) else content)
        part.replace(path)
    except BaseException as error:  # whatever went wrong, Ctrl-C too, no half file stays
        with suppress(OSError):
            part.unlink()
        _name(path, error)
        raise


def replace_files(folder: Path, files: Mapping[str, bytes | str | None]) -> None:
    """Replace files of `folder`, all or none of them; None is a file that must not be there.

    They are written into a new folder, beside copies of whatever else lies in the old one, whose
    place it takes when it is complete.
    """
    folder = folder.resolve()
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    new, old = (folder.with_name(f".{folder.name}.{which}") for which in ("new", "old"))
    if old.is_dir() and not folder.exists():  # killed between the two renames below
        old.rename(folder)
    try:
        _remove(new, folder, old)
        new.mkdir(parents=True)
        if folder.exists():
            new.chmod(folder.stat().st_mode & 0o7777)
            _copy_others(folder, new, files)
        for name, content in files.items():
            if content is not None:
                write_atomically(new / name, content)
        _swap(new, folder, old)
    except OSError as error:
        _name(folder, error)
        raise
    finally:
        _remove(new, folder, old)


def _name(path: Path, error: BaseException) -> None:
    """Let the error name what was to be written, not how."""
    if isinstance(error, OSError):
        error.filename, error.filename2 = str(path), None


def _copy_others(folder: Path, new: Path, files: Collection[str]) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.copytree(entry, new / entry.name, symlinks=True)
        elif entry.name not in files:
            shutil.copy2(entry, new / entry.name, follow_symlinks=False)


def _swap(new: Path, folder: Path, old: Path) -> None:
    """`new` becomes `folder`, and what it was `old`."""
    if not folder.exists():
        new.rename(folder)
        return
    folder.rename(old)
    try:
        new.rename(folder)
    except BaseException:  # whatever went wrong, Ctrl-C too, the old folder comes back
        old.rename(folder)
        raise


def _remove(new: Path, folder: Path, old: Path) -> None:
    """Remove what is left, but never the only copy."""
    shutil.rmtree(new, ignore_errors=True)
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)
