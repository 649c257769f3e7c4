"""`tritonserver`: run Triton with every flag passed through (docs/serving.md)."""

import os
import sys

from serving.command import server_command
from serving.errors import exit_code_of
from serving.leftovers import keep_watch


def main() -> None:
    """Become the server: this process is replaced, so signals and exit codes are the server's."""
    try:
        command = server_command(sys.argv[1:], os.environ)
        keep_watch(os.getpid())
        os.execve(command.arguments[0], command.arguments, command.environment)
    except (Exception, KeyboardInterrupt) as error:
        raise SystemExit(exit_code_of(error, "tritonserver")) from None
