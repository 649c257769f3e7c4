"""Triton server of the `nvidia-pytriton` wheel: its files and its requirements.

The wheel is used for its files alone (Triton 2.51, its Python backend, one stub for each Python
version); the package `pytriton` is never imported.
"""

import ctypes.util
import importlib.metadata
import importlib.util
import platform
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from serving.errors import ServingError

INSTALL = "run: pip install 'fair-audit-triton[server]'"


@dataclass(frozen=True)
class Wheel:
    """The installed wheel's server, checked for this interpreter."""

    binary: Path
    libraries: Path
    """The shared libraries that the stub cannot find by itself once it is copied."""
    python_backend: Path
    stub: Path
    """The process that hosts a Python backend, built for this Python version."""
    libpython: Path | None
    """Folder of the shared libpython; None where the dynamic loader finds it unaided."""


def find_wheel() -> Wheel:
    """The wheel's server for the running interpreter.

    Raises:
        ServingError: wrong platform, numpy >= 2, or a part that is not installed.
    """
    check_platform(platform.system(), platform.machine(), platform.libc_ver()[0])
    check_numpy(installed_version("numpy"))
    if importlib.util.find_spec("onnxruntime") is None:
        raise ServingError(f"onnxruntime is not installed; {INSTALL}")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    soname = f"libpython{python}.so.1.0"
    library_folders = [sysconfig.get_config_var("LIBDIR"), f"{sys.base_prefix}/lib"]
    libpython = find_libpython(soname, [Path(folder) for folder in library_folders if folder])
    if libpython is None and ctypes.util.find_library(f"python{python}") is None:
        raise ServingError(
            f"{soname} not found: Triton's Python backend needs a shared libpython; install "
            f"libpython{python} (Debian, Ubuntu), or a Python built with --enable-shared"
        )
    return wheel_in(site_packages(), python, libpython)


def check_platform(system: str, machine: str, libc: str) -> None:
    """Raise ServingError where the wheel's binary cannot run."""
    if (system, machine) != ("Linux", "x86_64") or libc != "glibc":
        raise ServingError(
            f"this is {system} {machine} {libc or 'without glibc'}; the nvidia-pytriton server "
            "runs on Linux x86-64 with glibc >= 2.35 alone; use NVIDIA's container "
            "(docs/serving.md)"
        )


def check_numpy(version: str | None) -> None:
    """Raise ServingError unless `version` is below 2: Triton 2.51 answers empty arrays with 2."""
    if version is None:
        raise ServingError(f"numpy is not installed; {INSTALL}")
    if int(version.split(".")[0]) >= 2:
        raise ServingError(
            f"numpy {version} is installed; Triton 2.51 answers empty arrays with numpy >= 2; "
            "run: pip install 'numpy<2'"
        )


def installed_version(distribution: str) -> str | None:
    """Version of an installed distribution, without importing it."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def site_packages() -> Path:
    """The folder into which `nvidia-pytriton` is installed."""
    spec = importlib.util.find_spec("pytriton")
    if spec is None or spec.origin is None:
        raise ServingError(f"nvidia-pytriton is not installed; {INSTALL}")
    return Path(spec.origin).parent.parent


def find_libpython(soname: str, folders: Iterable[Path]) -> Path | None:
    """The first of `folders` that holds `soname`."""
    return next((folder for folder in folders if (folder / soname).exists()), None)


def wheel_in(folder: Path, python: str, libpython: Path | None) -> Wheel:
    """The wheel's server below the site-packages `folder`, for Python version `python` ("3.11")."""
    root = folder / "pytriton" / "tritonserver"
    wheel = Wheel(
        binary=root / "bin" / "tritonserver",
        libraries=folder / "nvidia_pytriton.libs",
        python_backend=root / "backends" / "python",
        stub=root / "python_backend_stubs" / python / "triton_python_backend_stub",
        libpython=libpython,
    )
    for part in (wheel.binary, wheel.libraries, wheel.python_backend, wheel.stub):
        if not part.exists():
            raise ServingError(f"nvidia-pytriton lacks {part}; reinstall it: {INSTALL}")
    return wheel
