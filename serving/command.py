"""Command and environment of the Triton server to run.

A `tritonserver` elsewhere on PATH (NVIDIA's image, a build of one's own) comes first and gets every
flag and the environment untouched; it brings its own backends. Otherwise the server of the
`nvidia-pytriton` wheel runs, with the backend directory of `serving/backend_dir.py`.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from serving.backend_dir import backend_directory, cache_folder
from serving.wheel import Wheel, find_wheel

SEEN = "FAIR_AUDIT_TRITONSERVER"
"""Set for the server that runs. Where it is set at start, the `tritonserver` on PATH led back to
this command (a pyenv shim, a wrapper script), so PATH is not searched again."""

_OUR_SCRIPT = b"from serving.cli import"


@dataclass(frozen=True)
class Command:
    """Program with its arguments and its whole environment, as `os.execve` takes them."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]


def server_command(flags: Sequence[str], environment: Mapping[str, str]) -> Command:
    """The command that runs a Triton server with `flags`.

    Raises:
        ServingError: there is none on PATH, and the wheel's cannot run here.
    """
    other = None if SEEN in environment else other_server(environment.get("PATH", ""))
    if other is not None:
        return Command((str(other), *flags), {**environment, SEEN: "1"})
    wheel = find_wheel()
    backends = [] if has_backend_directory(flags) else [_backends_flag(wheel, environment)]
    arguments = (str(wheel.binary), *flags, *backends)
    return Command(arguments, wheel_environment(wheel, environment))


def other_server(search_path: str) -> Path | None:
    """The first `tritonserver` on `search_path` that is not this command, in any environment."""
    for folder in search_path.split(os.pathsep):
        candidate = Path(folder or ".") / "tritonserver"
        if candidate.is_file() and os.access(candidate, os.X_OK) and not is_ours(candidate):
            return candidate.absolute()
    return None


def is_ours(program: Path) -> bool:
    """Whether `program` is this console script, in this or another environment."""
    if program.resolve() == Path(sys.argv[0]).resolve():
        return True
    with program.open("rb") as file:
        start = file.read(4096)  # a console script is shorter
    return start.startswith(b"#!") and _OUR_SCRIPT in start


def has_backend_directory(flags: Sequence[str]) -> bool:
    """Whether `flags` name a backend directory; Triton takes shortened flags too."""
    return any(flag.startswith("--backend-d") for flag in flags)


def wheel_environment(wheel: Wheel, environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` with what the wheel's server and its Python stub need."""
    libraries = [str(wheel.libraries), str(wheel.libpython or "")]
    return {
        "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime >= 1.29 reports models to its makers otherwise
        "OMP_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
        **environment,
        SEEN: "1",
        "LD_LIBRARY_PATH": _joined([*libraries, environment.get("LD_LIBRARY_PATH", "")]),
        # The stub takes the site-packages of the first python3 on PATH and ignores PYTHONPATH.
        "PATH": _joined([str(Path(sys.executable).parent), environment.get("PATH", "")]),
    }


def _backends_flag(wheel: Wheel, environment: Mapping[str, str]) -> str:
    return f"--backend-directory={backend_directory(wheel, cache_folder(environment))}"


def _joined(folders: Sequence[str]) -> str:
    return os.pathsep.join(folder for folder in folders if folder)
