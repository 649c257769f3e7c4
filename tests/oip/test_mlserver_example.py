"""The commands of `examples/mlserver/README.md`, as they stand there."""

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from oip_environments import PACKAGES, environment, python_of
from oip_servers import EXAMPLE, ROOT, free_port, running

pytestmark = pytest.mark.oip


def blocks() -> list[list[str]]:
    """Commands of each block of the README."""
    text = (EXAMPLE / "README.md").read_text()
    return [block.splitlines() for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)]


def shell(folder: Path, line: str) -> str:
    """Run a line where `python` is ours, and `fair-audit` this tree's."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    command = "import sys; from audit.cli import run; sys.exit(run(sys.argv[1:]))"
    script = f"#!/bin/sh\nexec {sys.executable} -c '{command}' \"$@\"\n"
    (tools / "fair-audit").write_text(script)
    (tools / "fair-audit").chmod(0o700)
    path = f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["sh", "-ec", line], cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


def aucs(out: Path) -> dict[str, float]:
    """Of each group of scanners."""
    with (out / "report" / "groups.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["attribute"] == "scanner"]
    return {
        row["group"]: float(row["value"]) for row in rows if row["metric"] == "auc" and row["value"]
    }


def test_the_readme_leads_to_a_report_that_finds_the_noisy_scanner(tmp_path: Path) -> None:
    folder = tmp_path / "mlserver"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("people", "*-env", "*.onnx"))
    made, installed, started, described, audited, over_rest = blocks()
    for line in made:
        shell(folder, line)

    # The environment of all tests here stands in for the same one, made again.
    assert installed == [
        "python3 -m venv mlserver-env",
        f"mlserver-env/bin/pip install {' '.join(PACKAGES['mlserver'])}",
    ]
    (folder / "mlserver-env").symlink_to(python_of("mlserver").parent.parent)

    ports = {name: free_port() for name in ("HTTP", "GRPC", "METRICS")}
    settings = {f"MLSERVER_{name}_PORT": str(port) for name, port in ports.items()}
    (command,) = started
    with running(command.split(), folder, ports["HTTP"], {**environment(), **settings}):
        for line in [*described, *audited, *over_rest]:
            here = line.replace("localhost:8081", f"localhost:{ports['GRPC']}")
            shell(folder, here.replace("localhost:8080", f"localhost:{ports['HTTP']}"))

    found = aucs(folder / "report")
    assert found["Alpha"] > found["Beta"] + 0.05
    report, rest = (folder / name / "report" / "groups.csv" for name in ("report", "rest"))
    assert report.read_bytes() == rest.read_bytes()
