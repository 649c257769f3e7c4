"""Environments of other servers, each built once under the user's cache folder."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from serving.backend_dir import cache_folder

ONNX_RUNTIME = "onnxruntime==1.31.1"
"""The version of this project's own environment, so that answers agree in the last digit."""

PACKAGES = {
    "mlserver": ("mlserver==1.7.1", ONNX_RUNTIME),
    "kserve": ("kserve==0.21.0", ONNX_RUNTIME),
}
DONE = "complete"


def python_of(name: str) -> Path:
    """The interpreter of an environment; downloads 400 MB where it is not there."""
    wanted = PACKAGES[name]
    digest = hashlib.sha256(" ".join((sys.version, *wanted)).encode()).hexdigest()
    folder = cache_folder(os.environ) / f"oip-{name}-{digest[:16]}"
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / DONE).exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            python = str(folder / "bin" / "python")
            install = [python, "-m", "pip", "install", "--quiet", *wanted]
            subprocess.run(install, check=True, env=environment())
            (folder / DONE).touch()
    return folder / "bin" / "python"


def environment() -> dict[str, str]:
    """This process' variables, without what would lead another Python to our packages."""
    dropped = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_CONSTRAINT")
    return {name: value for name, value in os.environ.items() if name not in dropped}
