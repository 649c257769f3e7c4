"""A full disk at any moment: old files stay, and nothing half written is left."""

import builtins
import errno
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from fairness.atomic import replace_files, write_atomically

OLD: Mapping[str, bytes | None] = {"report.json": b"old", "groups.csv": b"old", "junit.xml": b"old"}
NEW: Mapping[str, bytes | None] = {"report.json": b"new", "groups.csv": b"new", "junit.xml": None}


def contents(folder: Path) -> dict[str, bytes | None]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


class FullDisk:
    """Lets some calls of the system through, then raises ENOSPC once, or for good."""

    def __init__(self, after: int, for_good: bool) -> None:
        self.left, self.for_good, self.failed = after, for_good, False

    def guard(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **named: Any) -> Any:
            self.left -= 1
            if self.left == -1 or (self.left < -1 and self.for_good):
                self.failed = True
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return function(*arguments, **named)

        return called


@pytest.mark.parametrize("before", [OLD, {}])
def test_a_folder_is_replaced_whole_or_not_at_all(
    tmp_path: Path, before: Mapping[str, bytes | None]
) -> None:
    complete = 0
    for after in range(20):
        out = tmp_path / str(after)
        out.mkdir()
        if before:
            replace_files(out / "report", before)
            (out / "report" / "notes.md").write_bytes(b"mine")
        disk = FullDisk(after, for_good=False)
        with pytest.MonkeyPatch.context() as patch:
            for place, name in ((os, "rename"), (os, "replace"), (os, "mkdir"), (os, "chmod")):
                patch.setattr(place, name, disk.guard(getattr(place, name)))
            patch.setattr(builtins, "open", disk.guard(open))
            try:
                replace_files(out / "report", NEW)
            except OSError:
                assert disk.failed
        mine = {"notes.md": b"mine"} if before else {}
        old = {**before, **mine}
        new = {name: text for name, text in {**NEW, **mine}.items() if text is not None}
        found = contents(out / "report") if (out / "report").exists() else {}
        assert found == (old if disk.failed and found != new else new)
        assert [path.name for path in out.iterdir()] == (["report"] if found else [])
        complete += not disk.failed
    assert complete > 3  # the disk became full later than anything was written


def test_what_a_killed_process_left_is_put_right(tmp_path: Path) -> None:
    """Killed between the two renames: the old folder is there under another name."""
    replace_files(tmp_path / ".report.old", OLD)
    (tmp_path / ".report.new").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builtins, "open", FullDisk(0, for_good=True).guard(open))
        with pytest.raises(OSError, match="No space"):
            replace_files(tmp_path / "report", NEW)
    assert contents(tmp_path / "report") == OLD
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_file_in_its_place_is_kept(tmp_path: Path) -> None:
    (tmp_path / "report").write_bytes(b"mine")
    with pytest.raises(NotADirectoryError):
        replace_files(tmp_path / "report", NEW)
    assert contents(tmp_path) == {"report": b"mine"}


def test_a_folder_behind_a_link_is_replaced_there(tmp_path: Path) -> None:
    replace_files(tmp_path / "real", OLD)
    (tmp_path / "report").symlink_to("real")
    replace_files(tmp_path / "report", NEW)
    assert (tmp_path / "report").is_symlink()
    assert contents(tmp_path / "real") == {"report.json": b"new", "groups.csv": b"new"}


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", "old")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", FullDisk(0, for_good=True).guard(os.replace))
        with pytest.raises(OSError, match="No space"):
            write_atomically(tmp_path / "a", "new")
    assert contents(tmp_path) == {"a": b"old"}


@pytest.mark.parametrize("umask", [0, 0o22, 0o77])
def test_a_private_file_is_nobody_else_s_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write_atomically(tmp_path / "a", "text", private=True)
        write_atomically(tmp_path / "b", "text")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o666 & ~umask
