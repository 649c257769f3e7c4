"""An audit beside `fair-audit bench` where server and client have a core each.

    OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE python -m benchmarks.client_apart

Question: how much of the most that a model can answer does an audit use, if the client takes
nothing from the server? The model computes (benchmarks/client_models.py), 4,096 images of 224 x 224
in stored npz files. Needs two cores and `taskset`.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.client_data import SMALL, write_splits
from benchmarks.client_models import write_models
from serving.launcher import TritonServer

IMAGES, TURNS = 4096, 3
SWEEP = ("--synthetic-input", "--shape", "224,224", "--in-flight", "1,2,4", "--max-trials", 4)
QUICK = ("--worst", 0, "--replicates", 100)


def main() -> None:
    """Print images/s of both, turn by turn."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        write_models(work / "models")
        for name in ("near_free", "near_free_oct"):
            shutil.rmtree(work / "models" / name)
        data = write_splits(work / "data", SMALL, {"all": IMAGES})["all"]
        os.sched_setaffinity(0, {0})  # the server is started with it
        print("| fair-audit bench, images/s | fair-audit | ratio |\n|--:|--:|--:|")
        with TritonServer(work / "models") as server:
            model = ("--endpoint", server.grpc_endpoint, "--model", "computing")
            for turn in range(TURNS):
                most, reached = work / f"bench-{turn}", work / f"audit-{turn}"
                on_the_other_core("bench", *model, *SWEEP, "--out", most)
                on_the_other_core(*model, *QUICK, "--data", data, "--out", reached)
                rate = max(point["rate"] for point in read(most / "bench.json")["points"])
                report = read(reached / "report" / "report.json")
                found = report["provenance"]["speed"]["images_per_second"]
                print(f"| {rate:,.0f} | {found:,.0f} | {found / rate:.3f} |", flush=True)


def on_the_other_core(*words: object) -> None:
    """Run `fair-audit`; its output is shown where it fails."""
    command = ["taskset", "-c", "1", sys.executable, "-m", "audit.cli", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")


def read(path: Path) -> Any:
    """A JSON file."""
    return json.loads(path.read_text())


if __name__ == "__main__":
    main()
