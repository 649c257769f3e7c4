"""Which code reads files: what another version remembered of them is not used."""

import hashlib
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

OUTSIDE = ("attributes.py", "unknown.py", "text.py", "foreign/resize.py")
"""Files of the core that decide what is read, beside those of this folder."""


DECODERS = ("numpy", "pillow", "pydicom", "pylibjpeg-libjpeg", "pylibjpeg-openjpeg")
"""Packages that decode images."""


@cache
def code_version() -> str:
    """SHA-256 of the code that reads files."""
    here = Path(__file__).parent
    paths = (*sorted(here.glob("*.py")), *(here.parent / name for name in OUTSIDE))
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


@cache
def decoders() -> str:
    """Names and versions of the packages that decode images."""
    found = []
    for name in DECODERS:
        with suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    return ", ".join(found)
