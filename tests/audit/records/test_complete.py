"""Answers reconciled with their split: what is missing, foreign, twice, or unreadable by now."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import pytest

from audit.records.complete import check_complete
from fairness.datasets.reader import Split
from fairness.errors import DataError


@dataclass(frozen=True)
class FakeSplit:
    ids: tuple[str, ...] = ("c", "a", "b")
    skipped: tuple[tuple[str, str], ...] = ()
    root: Path = Path("data")


def split(**changed: Any) -> Split:
    return cast(Split, FakeSplit(**changed))


def test_all_in_any_order_are_complete() -> None:
    assert check_complete(("a", "c", "b"), split()) == sha256(b"a\0b\0c\0").hexdigest()
    assert check_complete(("a", "b"), split(skipped=(("c", "broken"),)))


@pytest.mark.parametrize(
    ("ids", "skipped", "message"),
    [
        (("b",), (), r"data: 1 answers for 3 samples: 'a' has no answer \(2 such\); go on"),
        (("a", "b", "c", "x"), (), "4 answers for 3 samples: 'x' was answered and is none of the"),
        (("a", "b", "x"), (), "3 answers for 3 samples: 'c' has no answer"),
        (("a", "b", "c"), (("b", "broken"),), "'b' was answered, and its file cannot be read any"),
        (("a", "b", "c", "c"), (), "'c' was answered twice"),
    ],
)
def test_what_does_not_agree_is_named(
    ids: tuple[str, ...], skipped: tuple[tuple[str, str], ...], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        check_complete(ids, split(skipped=skipped))
