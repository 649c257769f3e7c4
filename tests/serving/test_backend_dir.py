"""The backend directory appears whole, once, and under the name of its content."""

import os
import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from serving import backend_dir
from serving.backend_dir import backend_directory, cache_folder
from serving.errors import ServingError
from serving.wheel import Wheel, find_wheel

WHEEL = find_wheel()


def test_it_holds_the_stub_beside_its_library_and_our_backend(tmp_path: Path) -> None:
    folder = backend_directory(WHEEL, tmp_path)
    stub = folder / "python" / "triton_python_backend_stub"
    assert stub.read_bytes() == WHEEL.stub.read_bytes()
    assert stub.stat().st_mode & stat.S_IXUSR
    assert (folder / "python" / "libtriton_python.so").is_file()
    ours = backend_dir.OURS / "onnxruntime"
    assert (folder / "onnxruntime" / "model.py").read_text() == (ours / "model.py").read_text()
    # An __init__.py would make the folder a package that hides the real onnxruntime.
    assert not (folder / "onnxruntime" / "__init__.py").exists()


def test_a_second_call_writes_nothing(tmp_path: Path) -> None:
    first = backend_directory(WHEEL, tmp_path)
    inodes = {path: path.stat().st_ino for path in first.rglob("*")}
    assert backend_directory(WHEEL, tmp_path) == first
    assert {path: path.stat().st_ino for path in first.rglob("*")} == inodes


def test_other_content_has_another_name_and_leaves_the_first_alone(tmp_path: Path) -> None:
    first = backend_directory(WHEEL, tmp_path)
    newer = tmp_path / "newer"
    newer.mkdir()
    stub = Path(shutil.copy(WHEEL.stub, newer))
    with stub.open("ab") as file:
        file.write(b"\0")
    changed = Wheel(WHEEL.binary, WHEEL.libraries, WHEEL.python_backend, stub, WHEEL.libpython)
    assert backend_directory(changed, tmp_path) != first
    assert first.is_dir()


def test_a_damaged_one_is_built_again(tmp_path: Path) -> None:
    folder = backend_directory(WHEEL, tmp_path)
    (folder / "onnxruntime" / "model.py").write_text("raise SystemExit")
    (folder / "python" / "libtriton_python.so").unlink()
    assert backend_directory(WHEEL, tmp_path) == folder
    assert (folder / "python" / "libtriton_python.so").is_file()
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_several_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(lambda _: backend_directory(WHEEL, tmp_path), range(8)))
    assert len(folders) == 1
    assert [path.name for path in tmp_path.iterdir()] == [folders.pop().name]


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(ServingError, match="name a writable folder in XDG_CACHE_HOME"):
        backend_directory(WHEEL, blocked)


def test_the_cache_follows_the_xdg_rules(tmp_path: Path) -> None:
    assert cache_folder({"XDG_CACHE_HOME": str(tmp_path)}).parent == tmp_path
    # "All paths set in these environment variables must be absolute": others are ignored.
    home = Path(os.path.expanduser("~/.cache"))
    assert cache_folder({"XDG_CACHE_HOME": "relative"}).parent == home
    assert cache_folder({}).parent == home
