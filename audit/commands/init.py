"""`fair-audit init`: a model.yaml for a served model, from what the server says of it."""

from dataclasses import dataclass, field
from pathlib import Path

import tyro
from rich.console import Console

from audit.client.connection import Connection
from audit.client.endpoint import connect, looked_up
from audit.client.headers import refuse_loose_headers
from audit.draft import draft
from fairness.atomic import write_atomically
from fairness.contract import PARAMETER_KEY
from fairness.errors import UsageError
from fairness.foreign.model_yaml import GUESS
from fairness.guard import DEBUG_HELP

HELP = """Write a model.yaml for a served model that does not describe itself. What the server
says stands there; what it does not say is guessed, and every guess is marked. Nothing is sent to
the model.

Example:

  fair-audit init --endpoint localhost:8001 --model resnet

  fair-audit init --endpoint gateway.org:443 --tls --header 'authorization: Bearer env:TOKEN' \\
      --model resnet
"""


@dataclass(frozen=True)
class InitOptions:
    """Flags of `fair-audit init`."""

    model: str
    """Name of the model on the server."""
    connection: tyro.conf.OmitArgPrefixes[Connection] = field(default_factory=Connection)
    out: Path = Path("model.yaml")
    """File to write; one that is there is kept."""


def init(arguments: list[str], console: Console) -> int:
    """`fair-audit init`; the exit code.

    Raises:
        UsageError: the file is there, the model describes itself, or takes no image.
        ServerError: the server or the model does not answer.
    """
    refuse_loose_headers(arguments)
    options = tyro.cli(
        InitOptions, prog="fair-audit init", description=HELP + DEBUG_HELP, args=arguments
    )
    if options.out.exists():
        raise UsageError(f"--out {options.out} is there; name another, or remove it")
    with connect(options.connection) as client:
        found = looked_up(client, options.connection, options.model)
    if PARAMETER_KEY in found.config.parameters:
        raise UsageError(
            f"model '{options.model}' describes itself; audit it without a model.yaml: "
            f"fair-audit --model {options.model}"
        )
    text = draft(options.model, found.metadata)
    try:
        write_atomically(options.out, text)
    except OSError as error:
        raise UsageError(f"--out {options.out}: {error.strerror}; name another") from None
    guesses = text.count(f"# {GUESS}:")
    for line in (
        f"{options.out}: {guesses} guesses, marked {GUESS}; check each, remove the mark, then",
        f"fair-audit {options.connection.flags()} --model {options.model} --spec {options.out} "
        "--data TABLE.csv --attributes COLUMN,...",
    ):
        console.print(line, highlight=False, markup=False)
    return 0
