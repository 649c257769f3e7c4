"""What the audit of a run found: the numbers of its report, and its samples for their intervals."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from fairness.arrays import FloatArray, IntArray
from fairness.documents import parse_json
from fairness.errors import DataError
from training.study.execute import DONE, OUTCOMES, REPORT

OVERALL = {"auc": "auc", "rate": "selection_rate"}
"""Numbers over the whole split: their names in the tables and in the report."""
ACROSS = {
    "dpd": "demographic_parity_difference",
    "deodds": "equalized_odds_difference",
    "es_auc": "es_auc",
}
"""Numbers over the groups of an attribute."""


@dataclass(frozen=True)
class Evaluated:
    """One run, audited."""

    folder: Path
    report: Mapping[str, Any]
    """As `fair-audit schema` describes it."""
    versions: Mapping[str, str]

    @cached_property
    def _rows(self) -> dict[tuple[str, str, str], dict[str, Any]]:
        rows = self.report["rows"]
        return {(row["attribute"], row["group"], row["metric"]): row for row in rows}

    def groups(self, attribute: str) -> list[str]:
        """Names of an attribute's groups, without the unknown."""
        found = [g for a, g, m in self._rows if a == attribute and m == "auc"]
        return [group for group in found if group not in ("all", "unknown")]

    def count(self, attribute: str, group: str) -> tuple[int | None, int | None]:
        """Samples of a group and positives among them; None where they are not shown."""
        row = self._rows[attribute, group, "auc"]
        return row["n"], row["n_positive"]

    def numbers(self, attribute: str) -> dict[str, float]:
        """Every number of a table's row that the report shows, by `auc`, `es_auc`, `auc:GROUP`."""
        wanted = {name: ("overall", "all", metric) for name, metric in OVERALL.items()}
        wanted |= {name: (attribute, "all", metric) for name, metric in ACROSS.items()}
        wanted |= {f"auc:{g}": (attribute, g, "auc") for g in self.groups(attribute)}
        found = {}
        for name, key in wanted.items():
            value = self._rows.get(key, {}).get("value")
            if isinstance(value, float | int):
                found[name] = float(value)
        return found

    @property
    def threshold(self) -> float:
        """Of DPD and DEOdds."""
        return float(self.provenance("threshold")["value"])

    def provenance(self, part: str) -> dict[str, Any]:
        """A part of what the report says of its origin."""
        return dict(self.report["provenance"][part])

    def samples(self, attribute: str) -> "Samples":
        """Its samples, in the order of their ids."""
        columns = ["id", "patient", "target", "score", attribute]
        table = pq.read_table(self.folder / OUTCOMES, columns=columns).to_pydict()
        order = np.argsort(np.array(table["id"]))
        names = self.groups(attribute)
        codes = [names.index(g) if g in names else -1 for g in table[attribute]]
        return Samples(
            ids=tuple(table["id"][i] for i in order),
            units=np.unique(np.array(table["patient"])[order], return_inverse=True)[1],
            target=np.array(table["target"], dtype=np.int64)[order],
            score=np.array(table["score"], dtype=np.float64)[order],
            codes=np.array(codes, dtype=np.int64)[order],
        )


@dataclass(frozen=True)
class Samples:
    """The samples of a split as one run scored them, n of them."""

    ids: tuple[str, ...]
    units: IntArray
    """(n,) patients."""
    target: IntArray
    score: FloatArray
    codes: IntArray
    """(n,) groups in the order of the report; -1: unknown."""


def read_evaluated(folder: Path) -> Evaluated:
    """The audit in the folder of a run.

    Raises:
        DataError: it is not there or damaged.
    """
    try:
        report = parse_json((folder / REPORT).read_bytes())
        said: Any = parse_json((folder / DONE).read_bytes())["versions"]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(
            f"{folder}: no usable audit ({error}); remove this folder and repeat the study"
        ) from None
    return Evaluated(folder, report, {k: str(v) for k, v in dict(said).items()})


def same_split(evaluated: list[Evaluated]) -> None:
    """Refuse runs of other test or validation samples than the first one's.

    Raises:
        DataError: there is one.
    """
    first = evaluated[0].provenance("data")
    for one in evaluated:
        if one.provenance("data")["split_sha256"] != first["split_sha256"]:
            raise DataError(
                f"{one.folder} was audited on another test split than {evaluated[0].folder}; "
                "remove its folder and repeat the study"
            )
