"""Run one command while a server is up.

python -m serving.during model_repository -- fair-audit --endpoint {endpoint}

`{endpoint}` in the command becomes the server's gRPC address on a free port of 127.0.0.1. Exits
with the command's exit code.
"""

import subprocess
import sys
from pathlib import Path

from serving.errors import exit_code_of
from serving.launcher import TritonServer

USAGE = "usage: python -m serving.during REPOSITORY -- COMMAND [ARGUMENT ...] with {endpoint}"


def main() -> None:
    """Entry point of `python -m serving.during`."""
    if len(sys.argv) < 4 or sys.argv[2] != "--":
        print(USAGE, file=sys.stderr)
        raise SystemExit(2)
    try:
        with TritonServer(Path(sys.argv[1])) as server:
            command = [a.replace("{endpoint}", server.grpc_endpoint) for a in sys.argv[3:]]
            raise SystemExit(subprocess.run(command, check=False).returncode)
    except (Exception, KeyboardInterrupt) as error:
        raise SystemExit(exit_code_of(error, "serving.during")) from None


if __name__ == "__main__":
    main()
