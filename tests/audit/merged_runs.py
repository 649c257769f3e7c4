"""Merges of shards, held against undivided runs."""

import json
from pathlib import Path

from audit.cli import run

EQUAL = ("report/groups.csv", "report/contrasts.csv", "records/outcomes.parquet",
         "records/skipped.csv")  # fmt: skip
TIME_AND_PLACE = {"command", "finished", "speed", "delivery", "shards"}
"""Parts of a provenance that are of a run, not of what it found."""


def merge(*arguments: object) -> int:
    return run(["merge", *map(str, arguments)])


def check_same_but_for_time_and_place(one: Path, other: Path, *further: str) -> None:
    for name in (*EQUAL, *further):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    ours, theirs = (json.loads((x / "report" / "report.json").read_text()) for x in (one, other))
    about, told = ours.pop("provenance"), theirs.pop("provenance")
    assert ours == theirs
    assert about.keys() - TIME_AND_PLACE == told.keys() - TIME_AND_PLACE
    for name in about.keys() - TIME_AND_PLACE:
        assert about[name] == told[name], name
