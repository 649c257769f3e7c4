"""A ceiling: what `fair-audit bench` finds to be the most that the server answers."""

import json
import shutil
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

from audit import cli
from benchmarks.clients.task import Task, say


def main() -> None:
    """Run it on the split of the task in `sys.argv`; print images and seconds of the best point."""
    task = Task(**json.loads(sys.argv[1]))
    out = Path(tempfile.mkdtemp(prefix="bench-"))
    words = ["bench", "--endpoint", task.endpoint, "--model", task.model, "--data", task.folder]
    words += ["--in-flight", "2,4", "--measurement-interval", "1000", "--out", str(out)]
    try:
        with redirect_stdout(sys.stderr):
            code = cli.run(words)
        points = json.loads((out / "bench.json").read_text())["points"]
    finally:
        shutil.rmtree(out)
    if code != 0:
        raise SystemExit(code)
    say(1, 1 / max(point["rate"] for point in points))


if __name__ == "__main__":
    main()
