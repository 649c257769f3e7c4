"""bench.csv with the columns of perf_analyzer, bench.json, and bench.html with the plots."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from audit.bench.point import PERCENTILES, Point
from audit.page.bench import bench_page
from fairness.atomic import write_atomically

SERVER = {
    "queue": "Server Queue",
    "compute_input": "Server Compute Input",
    "compute_infer": "Server Compute Infer",
    "compute_output": "Server Compute Output",
}
"""Phases inside the server by the names of perf_analyzer's columns; microseconds."""


def csv_text(points: Sequence[Point]) -> str:
    """One line a point; a column that a server does not let us measure is left out.

    Columns are those of perf_analyzer's `-f`, by the same names, in microseconds, then ours: mean
    latency, batch, windows, and whether the point is stable. Its rows are sorted by throughput,
    ours are in the order of the sweep. Source: "Visualizing Latency vs. Throughput" in
    https://github.com/triton-inference-server/perf_analyzer/blob/main/docs/measurements_metrics.md.
    """
    with_server = all(point.server is not None for point in points)
    rows = [row_of(point, with_server) for point in points]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def row_of(point: Point, with_server: bool) -> dict[str, object]:
    """A point by the names of the columns."""
    row: dict[str, object] = {
        "Concurrency": point.in_flight,
        "Inferences/Second": f"{point.rate:.3f}",
        "Client Send": round(point.send),
    }
    if with_server and point.server is not None:
        row["Network+Server Send/Recv"] = round(point.network or 0.0)
        row |= {name: round(point.server[phase]) for phase, name in SERVER.items()}
    row["Client Recv"] = round(point.receive)
    row |= {f"p{p} latency": round(point.percentiles[p]) for p in PERCENTILES}
    row |= {"Avg latency": round(point.latency), "Batch": point.batch}
    row |= {"Windows": point.windows, "Stable": "yes" if point.stable else "no"}
    return row


def write_bench(
    out: Path,
    points: Sequence[Point],
    best: Point,
    about: Mapping[str, Any],
    warnings: Sequence[str],
) -> None:
    """Write the three files into `out`, each whole or not at all."""
    document = {
        "schema_version": 1,
        **about,
        "warnings": list(warnings),
        "recommended": {"batch": best.batch, "in_flight": best.in_flight},
        "points": [asdict(point) for point in points],
    }
    out.mkdir(parents=True, exist_ok=True)
    write_atomically(out / "bench.csv", csv_text(points))
    write_atomically(out / "bench.json", json.dumps(document, indent=1, allow_nan=False) + "\n")
    write_atomically(out / "bench.html", bench_page(points, best, about, warnings))
