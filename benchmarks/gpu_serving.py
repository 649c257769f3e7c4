"""Serving on this machine's GPU: exported models behind Triton, audited and timed as served.

Each model is audited as it was exported, and the first images once more where its configuration
names the CPU alone: scores of the same images are compared. Then `fair-audit bench` times it,
through shared memory, memory of the GPU, and as bytes.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from google.protobuf import text_format
from tritonclient.grpc.model_config_pb2 import ModelConfig, ModelInstanceGroup

from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe
from fairness.text import printable
from serving.launcher import TritonServer

HEAD = ["model", "served on", "audit, images/s", "through", "best, images/s", "batch", "in flight",
        "p50 ms", "model ms"]  # fmt: skip
WAYS = {"shm": "shared memory", "cuda": "memory of the GPU", "grpc": "bytes"}
SHAPE = "224,224"


def served(repository: Path, images: int, seconds: float) -> str:
    """Serve, audit and time every model of a repository.

    Args:
        repository: of FairCLIP models.
        images: that are audited; a fifth of them goes through the CPU as well.
        seconds: of a window of bench.

    Returns:
        A table, and how far scores on GPU and CPU are apart.
    """
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        # The first images of the larger split are those of the smaller one.
        for name, count in (("all", images), ("some", images // 5)):
            write_fairvlmed(work / name, Recipe(train=8, val=8, test=count))
        on_gpu, rows = measured(repository, work / "all", work / "gpu", seconds)
        cpu = on_the_cpu(repository, work / "models")
        on_cpu, more = measured(cpu, work / "some", work / "cpu", None)
        lines = table(HEAD, [*rows, *more])
        return "\n".join([*lines, "", *differences(on_gpu, on_cpu)])


def on_the_cpu(repository: Path, into: Path) -> Path:
    """A copy of a repository whose models name the CPU; their files are linked.

    Models of TensorRT are left out: their weights are those of a model without it.
    """
    for folder in names_in(repository):
        config = text_format.Parse((folder / "config.pbtxt").read_text(), ModelConfig())
        if config.optimization.execution_accelerators.gpu_execution_accelerator:
            continue
        target = into / folder.name
        target.mkdir(parents=True)
        del config.instance_group[:]
        config.instance_group.add(kind=ModelInstanceGroup.KIND_CPU, count=1)
        (target / "config.pbtxt").write_text(text_format.MessageToString(config))
        for version in folder.iterdir():
            if version.is_dir():
                (target / version.name).symlink_to(version.resolve())
    return into


def names_in(repository: Path) -> list[Path]:
    """Folders of its models, by name."""
    return sorted(path.parent for path in repository.glob("*/config.pbtxt"))


def measured(
    repository: Path, data: Path, out: Path, seconds: float | None
) -> tuple[dict[str, Path], list[list[str]]]:
    """Audit and time every model.

    Args:
        repository: of the models.
        data: the split.
        out: folder of the runs.
        seconds: of a window of bench; None leaves the timing out.

    Returns:
        Folders of the audits by model, and the rows of the table.
    """
    runs, rows = {}, list[list[str]]()
    with TritonServer(repository, ready_seconds=300) as server:
        print(*placed(server.log_text()), sep="\n", flush=True)
        for model in (folder.name for folder in names_in(repository)):
            runs[model] = out / model
            common = ("--endpoint", server.grpc_endpoint, "--model", model)
            fair_audit(*common, "--data", data, "--worst", 0, "--out", out / model)
            about = json.loads((out / model / "report" / "report.json").read_text())["provenance"]
            print(json.dumps(about["server"]), json.dumps(about["speed"]), flush=True)
            first = [model, device_of(about), f"{about['speed']['images_per_second']:,.0f}"]
            rows += [[*first, *cells] for cells in timed(common, out, model, seconds)]
    return runs, rows


def timed(
    common: tuple[str, ...], out: Path, model: str, seconds: float | None
) -> Iterator[list[str]]:
    """Cells of the fastest point of each way of sending."""
    if seconds is None:
        yield ["-"] * (len(HEAD) - 3)
        return
    for way, said in WAYS.items():
        folder = out / f"{model}-{way}"
        sweep = ("--synthetic-input", "--shape", SHAPE, "--in-flight", "1,4", "--out", folder)
        window = ("--measurement-interval", round(1000 * seconds), "--max-trials", 5)
        try:
            fair_audit("bench", *common, *sweep, *window, "--transport", way)
        except RuntimeError as error:  # a way that cannot be taken must not end the others
            print(error, flush=True)
            yield [said, f"failed: {printable(str(error).splitlines()[-1][:150])}", *["-"] * 4]
            continue
        points = json.loads((folder / "bench.json").read_text())["points"]
        best = max(points, key=lambda point: point["rate"])
        inside = (best["server"] or {}).get("compute_infer", 0.0)
        yield [
            said,
            f"{best['rate']:,.0f}{'' if best['stable'] else ' (unstable)'}",
            str(best["batch"]),
            str(best["in_flight"]),
            f"{best['percentiles']['50'] / 1000:.1f}",
            f"{inside / 1000:.1f}",
        ]


def fair_audit(*words: object) -> None:
    """Run the command; its own output is shown where it fails."""
    command = [
        sys.executable,
        "-c",
        "import sys; from audit.cli import run; sys.exit(run(sys.argv[1:]))",
    ]
    done = subprocess.run(
        [*command, *map(str, words)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.getcwd()},
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"fair-audit {' '.join(map(str, words))}\n{done.stdout}\n{done.stderr}")


def placed(log: str) -> list[str]:
    """What the backend says of its sessions: library, providers, threads."""
    return [line[-300:] for line in log.splitlines() if "Provider" in line]


def device_of(about: dict[str, Any]) -> str:
    """Device, as the report has it."""
    server = about["server"]
    return str(server.get("providers") or server["device"])


def differences(one: dict[str, Path], other: dict[str, Path]) -> list[str]:
    """How far the scores of the same images are apart, a line a model."""
    lines = []
    for model, run in one.items():
        reference = model.split("_tensorrt")[0]
        a, b = scores(run), scores(other[reference])
        pairs = np.array([(a[name], b[name]) for name in sorted(a.keys() & b.keys())])
        apart, spread = float(np.abs(pairs[:, 0] - pairs[:, 1]).max()), float(pairs[:, 1].std())
        lines.append(
            f"- {model}: {len(pairs):,} images, scores on GPU and CPU at most {apart:.1e} apart, "
            f"spread {spread:.2g}"
        )
    return lines


def scores(run: Path) -> dict[str, float]:
    """Scores of a run by the id of the sample."""
    table = pq.read_table(run / "records" / "outcomes.parquet", columns=["id", "score"])
    return dict(zip(table["id"].to_pylist(), table["score"].to_pylist(), strict=True))


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """A markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]
