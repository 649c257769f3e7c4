"""Finds the files of a split by a list of names, as Harvard-FairSeg divides its files.

The lists are text files such as `lists/FairSeg_final/train.txt`, one name a line with or without
`.npz`. The files lie in one folder or in several, whatever those are called: the folders of the
FairSeg download do not follow its lists. Old lists count in six digits where the files have five.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from fairness.errors import DataError

PLACES = ("*.txt", "lists/*.txt", "lists/*/*.txt")
"""Where lists are looked for under the root."""


def find_lists(root: Path, spellings: Mapping[str, tuple[str, ...]]) -> dict[str, Path]:
    """Split name to its list under `root`; a split without one is left out.

    Args:
        root: the folder of the data set.
        spellings: split name to the names, in lower case, that its list may have.

    Raises:
        DataError: there are two lists of one split.
    """
    lists: dict[str, Path] = {}
    for path in sorted(path for place in PLACES for path in root.glob(place)):
        for split, names in spellings.items():
            if path.stem.lower() in names:
                if split in lists:
                    raise DataError(
                        f"{lists[split]} and {path} both list the {split} split; keep one of them"
                    )
                lists[split] = path
    return lists


def listed_files(root: Path, path: Path) -> list[Path]:
    """The files that a list names, sorted by name.

    A name without a file gives a path that does not exist, so that its reader reports it.

    Raises:
        DataError: the list is no text, a line is no file name or comes twice, or two files have it.
    """
    files = _index(root)
    found: dict[str, Path] = {}
    for number, line in enumerate(_lines(path), start=1):
        name = line.strip().removesuffix(".npz")
        if not name:
            continue
        key = _plain(name)
        if Path(name).name != name or key in found:
            raise DataError(
                f"{path} line {number}: '{name}' is not the name of a file, or comes twice; "
                "correct the list"
            )
        matches = files.get(key, [root / f"{name}.npz"])
        if len(matches) > 1:
            raise DataError(
                f"{path} line {number}: '{name}' is both {matches[0]} and {matches[1]}; "
                "keep one of the files"
            )
        found[key] = matches[0]
    return sorted(found.values(), key=lambda file: file.name)


def _index(root: Path) -> dict[str, list[Path]]:
    """Plain name to the npz files under `root`, or one folder deeper, that have it."""
    files: dict[str, list[Path]] = {}
    for path in [*sorted(root.glob("*.npz")), *sorted(root.glob("*/*.npz"))]:
        if not path.name.startswith("."):
            files.setdefault(_plain(path.stem), []).append(path)
    return files


def _plain(name: str) -> str:
    """The name without leading zeros in the number at its end."""
    return re.sub(r"(?<!\d)0+(?=\d+$)", "", name)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not readable as UTF-8 text ({error}); fetch it again") from None
