"""benchmarks/gpu.md: its head, and its sections, of which some may be kept from an earlier run."""

import ctypes
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = ("torch", "transformers", "numpy", "onnxruntime-gpu")
TENSORRT = "libnvinfer.so.10"
"""The library of TensorRT that ONNX Runtime's provider loads."""
NO_CARD = "no GPU: a rehearsal"
_PATIENCE = 30


def machine() -> str:
    """Card, driver and versions, in lines; torch is not needed for it."""
    known = ", ".join(f"{name} {installed(name)}" for name in LIBRARIES)
    tensorrt = "there" if has_tensorrt() else "absent"
    return f"On: {card()}. Python {platform.python_version()}, {known}; TensorRT {tensorrt}."


def card() -> str:
    """Name of the card and version of its driver, or that there is none."""
    fields = "--query-gpu=name,driver_version"
    try:
        done = subprocess.run(
            ["nvidia-smi", fields, "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return NO_CARD
    return done.stdout.splitlines()[0].strip().replace(", ", ", driver ")


def has_tensorrt() -> bool:
    """Whether TensorRT's library can be loaded here."""
    try:
        ctypes.CDLL(TENSORRT)
    except OSError:
        return False
    return True


def installed(name: str) -> str:
    """Version of a library."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def sections_of(page: Path) -> dict[str, str]:
    """Sections of a page by title, without the head; none where there is no page."""
    if not page.exists():
        return {}
    _, *parts = re.split(r"^## ", page.read_text(), flags=re.MULTILINE)
    titled = (part.split("\n", 1) for part in parts)
    return {title.strip(): body.strip() for title, body in titled}


def page_of(head: str, sections: dict[str, str], order: list[str]) -> str:
    """The page: the sections of `order` that there are, in that order."""
    known = [f"## {title}\n\n{sections[title]}\n" for title in order if title in sections]
    return "\n".join([head, *known])
