"""Site files on disk > report/ and binning.csv."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from audit.provenance import with_tool
from audit.report.files import write_report
from fairness.atomic import write_atomically
from fairness.contract import Threshold
from fairness.pooling.pool import Binned, Pooled, in_common, pool
from fairness.pooling.summary import SiteSummary
from fairness.statistics.settings import Settings
from fairness.text import csv_cell

BINNING = "binning.csv"


def pooled_report(
    files: Mapping[str, SiteSummary], notes: Sequence[str], words: Sequence[str], settings: Settings
) -> Pooled:
    """The report of files that fit each other, with its provenance.

    Args:
        files: by name.
        notes: what is taken on trust.
        words: the command line.
        settings: of the statistics.
    """
    sites = list(files.values())
    first, cases = sites[0], [sum(one.everybody.cases) for one in sites]
    where = "data that the files do not name"
    threshold = Threshold(
        value=first.threshold, rule="the same at every site", split=where, split_sha256=""
    )
    names = ", ".join(one.site for one in sites)
    about: dict[str, Any] = {
        "what_answered": f"{first.model.name}: sums and histograms of {len(sites)} sites, no rows",
        "model": {
            "name": first.model.name,
            "identity": "pooled",
            "model_sha256": first.model.sha256,
        },
        "data": {
            "dataset": in_common([one.dataset for one in sites]),
            "split": in_common([one.split for one in sites]),
            "path": ", ".join(files),
            "split_sha256": "",
            "n": sum(cases),
            "n_skipped": 0,
            "statement": f"pooled over the sites {names}",
        },
        "pooled": [
            {"site": one.site, "dataset": one.dataset, "people": one.people, "images": n}
            for one, n in zip(sites, cases, strict=True)
        ],
    }
    found = pool(sites, with_tool(about, threshold, ["pool", *words]), settings)
    costs = [one.cost for one in found.binned if math.isfinite(one.cost)]
    said = [
        about["data"]["statement"],
        f"binning cost at most {max(costs):.3f} of any pooled AUC, which intervals do not include",
        *notes,
        *found.missing,
    ]
    data = {**about["data"], "statement": "; ".join(said)}
    binning = {"data": data, "binning": [asdict(one) for one in found.binned]}
    return with_provenance(found, binning)


def with_provenance(found: Pooled, more: Mapping[str, Any]) -> Pooled:
    """The same with more in the report's provenance."""
    report = found.report
    made = type(report)(
        rows=report.rows,
        contrasts=report.contrasts,
        provenance={**report.provenance, **more},
    )
    return Pooled(made, found.beside, found.binned, found.missing)


def write_pooled(out: Path, found: Pooled) -> None:
    """Write `out/report` and `out/binning.csv`."""
    write_report(out / "report", found.report, None, (), None, found.beside)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([field.name for field in fields(Binned)])
    writer.writerows(map(csv_cell, asdict(one).values()) for one in found.binned)
    write_atomically(out / BINNING, text.getvalue())
