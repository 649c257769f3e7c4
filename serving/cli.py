"""`tritonserver`: run Triton with every flag passed through (docs/serving.md)."""

import os
import sys

from serving.command import server_command
from serving.errors import ServingError


def main() -> None:
    """Become the server: this process is replaced, so signals and exit codes are the server's."""
    try:
        command = server_command(sys.argv[1:], os.environ)
        os.execve(command.arguments[0], command.arguments, command.environment)
    except ServingError as error:
        print(f"tritonserver: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except OSError as error:
        print(f"tritonserver: cannot run {error.filename}: {error.strerror}", file=sys.stderr)
        raise SystemExit(ServingError.exit_code) from None
