"""The command in a report: as it was typed, and without secrets."""

import shlex

import pytest

from audit.typed import typed_command


def test_words_can_be_typed_again() -> None:
    words = ["report", "--from", "my scores.csv", "--intersect", "race*gender"]
    assert shlex.split(typed_command(words)) == ["fair-audit", *words]


@pytest.mark.parametrize(
    "words",
    [
        ["--header", "authorization: Bearer s3cret"],
        ["--header=authorization: Bearer s3cret"],
        ["--header", "s3cret"],
        ["--headers", "x-api-key: s3cret"],
        ["--endpoint", "https://me:s3cret@host.org:8000/v2"],
    ],
)
def test_no_secret_is_shown(words: list[str]) -> None:
    shown = typed_command([*words, "--model", "m"])
    assert "s3cret" not in shown
    assert "***" in shown
    assert shown.endswith(" --model m")
