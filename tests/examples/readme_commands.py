"""Runs the commands of an example's README as they stand there, in a copy of its folder.

Every block of shell commands is a shell of its own that starts above `examples/`. The server is
started on free ports, so its address in the commands is replaced, and nothing else.
"""

import csv
import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from serving.launcher import TritonServer

ROOT = Path(__file__).parent.parent.parent
ADDRESS = "localhost:8001"


def copied(name: str, folder: Path) -> Path:
    """The example as it is under version control, in `folder/examples/NAME`."""
    lines = (ROOT / "examples" / ".gitignore").read_text().splitlines()
    made = shutil.ignore_patterns("__pycache__", *(Path(line).name for line in lines))
    return Path(shutil.copytree(ROOT / "examples" / name, folder / "examples" / name, ignore=made))


def shells(readme: Path) -> list[list[str]]:
    """The commands of each block, a continued line joined."""
    blocks = re.findall(r"```sh\n(.*?)```", readme.read_text(), re.S)
    return [block.replace("\\\n", " ").splitlines() for block in blocks]


def run_readme(example: Path, more: dict[str, str] | None = None) -> str:
    """Run all blocks; what they printed.

    Args:
        example: from `copied`.
        more: texts of the commands and what takes their place, such as a folder of pictures.
    """
    printed, replaced = [], dict(more or {})
    with ExitStack() as servers:
        for lines in shells(example / "README.md"):
            served = [line for line in lines if line.startswith("tritonserver ")]
            printed.append(shell(example, [line for line in lines if line not in served], replaced))
            for line in served:
                _, flag, repository = shlex.split(line, comments=True)
                assert flag == "--model-repository"
                server = servers.enter_context(TritonServer(example / repository))
                replaced[ADDRESS] = server.grpc_endpoint
    return "".join(printed)


def shell(example: Path, lines: list[str], replaced: dict[str, str]) -> str:
    """Run lines in one shell, which ends at the first that fails."""
    script = "\n".join(lines)
    for old, new in replaced.items():
        script = script.replace(old, new)
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=example.parent.parent,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "120",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def reported(out: Path, attribute: str, group: str, metric: str, **more: str) -> dict[str, str]:
    """One row of `groups.csv`."""
    wanted = {"attribute": attribute, "group": group, "metric": metric, **more}
    with (out / "report" / "groups.csv").open(newline="") as file:
        (row,) = (row for row in csv.DictReader(file) if wanted.items() <= row.items())
    return row


def group_rows(text: str) -> dict[str, tuple[int, float]]:
    """Size and AUC of each group, in a README or as the terminal shows them."""
    rows = re.findall(r"^ +(\S[^\n]*?) {2,}(\d+) +\S+ +(0\.\d+) \[", text, re.M)
    return {group: (int(n), float(auc)) for group, n, auc in rows}


def guesses(readme: str) -> list[str]:
    """The lines of a draft that the README's table of guesses names, `name: guess`."""
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \|", readme, re.M)
    return [f"{name}: {guess}" for name, guess in rows]
