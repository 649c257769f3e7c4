"""Whether a run tells anything new: a chart counts runs on new people alone."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from audit.monitoring.run import Run
from fairness.tables.table import read_table

MOST_SEEN = 0.1
"""Share of the people of a counted run who may be in earlier ones: benchmarks/watch_alarms.py."""
OUTCOMES = Path("records", "outcomes.parquet")


def judged_new(run: Run, folder: Path, before: Sequence[Run], history: Path) -> Run:
    """The run, with whether it is counted, and why not.

    Args:
        run: as its report says, in `folder`.
        folder: whose records/ say who its people are, where they are still there.
        before: the runs that the history has.
        history: its folder.

    Raises:
        DataError: records/outcomes.parquet of a run is there, but cannot be read.
    """
    same = [one for one in before if one.model == run.model and one.error is None]
    counted = [one for one in same if one.counted]
    seen = seen_before(people_of(folder), [people_of(history / one.folder) for one in counted])
    run = replace(run, seen_before=None if seen is None else math.floor(100 * seen) / 100)
    of_split = [one for one in same if one.split_sha256 == run.split_sha256]
    if any(one.identity == run.identity for one in of_split):
        return replace(run, not_counted="same split, same model: nothing new")
    if of_split:
        last = max(of_split, key=lambda one: one.time).folder
        said = f"same split as {last}, another model or threshold: fair-audit compare says by how"
        return replace(run, not_counted=f"{said} much they differ")
    if seen is not None and seen > MOST_SEEN:
        return replace(run, not_counted=f"{100 * seen:.0f} % of its people are in earlier runs")
    return replace(run, counted=True)


def people_of(folder: Path) -> Any:
    """The people of a run as a pyarrow array of texts; None where nobody can tell.

    That is so where records/ is elsewhere, or where the rows of its data were only numbered.
    """
    path = folder / OUTCOMES
    if not path.exists():
        return None
    table = read_table(path, ()).columns
    if "patient" not in table.column_names:
        return None
    people = pc.unique(table["patient"].cast(pa.string()))
    if isinstance(people, pa.ChunkedArray):
        people = people.combine_chunks()
    numbered = pa.array([str(i) for i in range(len(people))])
    return None if people.equals(numbered) else people


def seen_before(people: Any, earlier: Sequence[Any]) -> float | None:
    """Share of people, in [0, 1], who are in any of the earlier arrays; None: not known."""
    known = [one for one in earlier if one is not None]
    if people is None or (earlier and not known) or not len(people):
        return None
    if not known:
        return 0.0
    found = pc.is_in(people, value_set=pa.concat_arrays(known))
    return float(pc.mean(found.cast(pa.int8())).as_py())
