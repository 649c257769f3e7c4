"""SHA256SUMS: the hash of every file that was fetched, as `sha256sum --check` reads it."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from fairness.atomic import write_atomically
from fairness.errors import DataError
from fairness.progress import ProgressLine

SUMS = "SHA256SUMS"

_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


def fetched_files(root: Path) -> list[str]:
    """Paths below `root`, sorted, without the list of sums and what the Hub's library keeps."""
    files = (p.relative_to(root) for p in root.rglob("*") if p.is_file())
    return sorted(p.as_posix() for p in files if p.parts[0] != ".cache" and p.as_posix() != SUMS)


def hashed(root: Path, names: list[str]) -> dict[str, str]:
    """The SHA-256 of each file, in hexadecimal digits.

    Raises:
        DataError: a file cannot be read.
    """
    sizes = {name: (root / name).stat().st_size for name in names}
    total, done, sums = sum(sizes.values()) >> 20, 0, {}
    report = ProgressLine("MB")
    for name, size in sizes.items():
        try:
            with (root / name).open("rb") as file:
                sums[name] = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise DataError(f"{root / name}: cannot be read ({error.strerror})") from None
        done += size
        report(done >> 20, total)
    return sums


def write_sums(root: Path, sums: Mapping[str, str], origin: str, licence: str) -> None:
    """Write the list, below comments that say where the files are from, and under which licence."""
    lines = [f"# {origin}", f"# {licence}", *(f"{sums[name]}  {name}" for name in sorted(sums))]
    write_atomically(root / SUMS, "\n".join(lines) + "\n")


def read_sums(root: Path) -> tuple[str, dict[str, str]]:
    """What `write_sums` wrote: the origin, and path to hash; nothing where there is no list.

    Raises:
        DataError: the list cannot be read, or names a file outside the folder.
    """
    path = root / SUMS
    if not path.is_file():
        return "", {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not readable ({error}); delete it and fetch again") from None
    origin = lines[0].removeprefix("# ") if lines and lines[0].startswith("# ") else ""
    sums: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if not found or Path(found[2]).is_absolute() or ".." in Path(found[2]).parts:
            raise DataError(f"{path} line {number}: no hash of a file below the folder; delete it")
        sums[found[2]] = found[1]
    return origin, sums


def differing(expected: Mapping[str, str], found: Mapping[str, str]) -> str:
    """The first three of the files whose hashes differ, and how many there are; or nothing."""
    names = sorted(name for name in found if expected.get(name, found[name]) != found[name])
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
