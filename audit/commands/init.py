"""`fair-audit init`: a model.yaml for a served model, by what it says and what it answers."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import tyro
from rich.console import Console

from audit.audited_split import table_split
from audit.client.connection import Connection
from audit.client.endpoint import connect, describe, looked_up
from audit.client.headers import refuse_loose_headers
from audit.client.parts import PartsTransport
from audit.client.transport import Server
from audit.draft import draft
from audit.evidence import what_was_seen
from audit.flags import CommaNames
from audit.options import AnalysisOptions, Options
from audit.records.sample_probes import MOST, beside, write_probes
from audit.retyped import retyped
from audit.sample_probes import record
from audit.sizes import most_answer_bytes
from audit.table_flags import TableFlags, is_table, table_columns
from audit.table_target import table_target
from audit.table_wanted import table_in
from audit.trial import Trial, tried
from audit.waiting import waiting
from fairness.atomic import write_atomically
from fairness.datasets.reader import OnError
from fairness.errors import ServerError, UsageError
from fairness.foreign.model_yaml import GUESS, Described, described_by, read_model_yaml
from fairness.guard import DEBUG_HELP

Redraft: TypeAlias = Callable[[Trial], Described]
"""A draft once more, as answers to samples correct it."""

HELP = """Write a model.yaml for a served model that does not describe itself. What the server
says stands there; what it does not say is guessed, and every guess is marked. With --data a few
pictures of a table are sent, and what came back is shown, and corrects the guesses that it
contradicts. The last line printed is the audit to run next.

Examples:

  fair-audit init --model resnet --data patients.csv --file image --target disease \\
      --attributes sex,scanner

  fair-audit init --endpoint gateway.org:443 --tls --header 'authorization: Bearer env:TOKEN' \\
      --model resnet

Try a model.yaml that you have changed, and record what the model answers to 8 samples:

  fair-audit init --model resnet --spec model.yaml --data patients.csv --probes 8
"""


@dataclass(frozen=True)
class InitOptions:
    """Flags of `fair-audit init`."""

    model: str
    """Name of the model on the server."""
    version: str | None = None
    """Its version, a number or a word; without it, the newest, or the server's choice."""
    connection: tyro.conf.OmitArgPrefixes[Connection] = field(default_factory=Connection)
    data: Annotated[Path | None, tyro.conf.arg(metavar="TABLE")] = None
    """A csv or parquet table that names pictures; without it nothing is sent to the model."""
    split: str = "test"
    """Of the table: the split that samples are taken from."""
    attributes: CommaNames = ()
    """Of the table: its columns of groups, as in the audit."""
    samples: Annotated[int, tyro.conf.arg(metavar="N")] = 8
    """Pictures that are sent; as many of each label or class as there can be."""
    probes: Annotated[int, tyro.conf.arg(metavar="N")] = 0
    """Record the answers to so many samples beside the model.yaml, as model.probes.json.

    Later audits of the same pictures ask again, and say `verified against` that day.
    """
    spec: Path | None = None
    """A model.yaml that is there: send samples by it, and write none."""
    on_error: OnError = "stop"
    """What to do about a row or a picture that cannot be read: stop, or skip it."""
    out: Path = Path("model.yaml")
    """File to write; one that is there is kept."""
    table: tyro.conf.OmitArgPrefixes[TableFlags] = field(default_factory=TableFlags)

    def __post_init__(self) -> None:
        """Raises UsageError where flags contradict one another."""
        if not 2 <= self.samples <= 1024:
            raise UsageError(f"--samples {self.samples}: choose 2 to 1024")
        if self.probes and not 2 <= self.probes <= MOST:
            raise UsageError(f"--probes {self.probes}: choose 2 to {MOST}")
        if self.probes and self.data is None:
            raise UsageError("--probes are samples of a table; name it with --data")
        if self.spec is None and self.out.exists():
            raise UsageError(
                f"--out {self.out} is there; name another, remove it, or try it on samples with "
                f"--spec {self.out}"
            )
        if self.spec is not None and self.data is None:
            raise UsageError(f"--spec {self.spec} is tried on samples; name a table with --data")


def init(arguments: list[str], console: Console) -> int:
    """`fair-audit init`; the exit code.

    Raises:
        UsageError: the file is there, the model describes itself, or takes no image.
        ServerError: the server or the model does not answer.
        DataError: the table cannot be used, or the description does not fit the answers.
    """
    refuse_loose_headers(arguments)
    options = tyro.cli(
        InitOptions, prog="fair-audit init", description=HELP + DEBUG_HELP, args=arguments
    )
    lines: list[str] = []
    with connect(options.connection) as server:
        redraft: Redraft | None = None
        if options.spec is not None:
            said = read_model_yaml(options.spec)
        else:
            metadata = undescribed(server, options)
            target = table_target(options.data, options.table, options.attributes)
            text = draft(options.model, metadata, target)
            if len(metadata.inputs) > 1:
                return to_be_filled_in(options, text, arguments, console)
            said = described_by(text, options.out)

            def redraft(trial: Trial) -> Described:
                again = draft(options.model, metadata, target, trial)
                return described_by(again, options.out)

        if options.data is not None:
            said, lines = by_samples(server, options, said, redraft, console)
    if options.spec is None:
        written(options.out, said.text)
    start = f"fair-audit {options.connection.flags()}"
    command = f"{retyped(start, arguments)} --spec {shlex.quote(str(said.path))}"
    if options.data is None:
        command += " --data TABLE.csv --attributes COLUMN,..."
    if said.guesses:
        todo = "check each, remove the mark, then run"
        lines.append(f"{said.path}: {said.guesses} guesses, marked {GUESS}; {todo}")
    for line in (*lines, command):
        console.print(line, highlight=False, markup=False)
    return 0


def to_be_filled_in(options: InitOptions, text: str, arguments: list[str], console: Console) -> int:
    """Write a draft that lacks what goes beside the image, and lead on; the exit code."""
    written(options.out, text)
    again = retyped(f"fair-audit init {options.connection.flags()}", arguments)
    again += f" --spec {shlex.quote(str(options.out))}"
    for line in (
        f"note: model '{options.model}' takes more than the image, so no sample was sent",
        f"{options.out}: say under 'inputs' which column or constant each is, then try it:",
        again if options.data else f"{again} --data TABLE.csv",
    ):
        console.print(line, highlight=False, markup=False)
    return 0


def undescribed(server: Server, options: InitOptions) -> Any:
    """What the server says of the tensors of a model that does not describe itself."""
    found = looked_up(server, options.model, options.version)
    if found.self_description is not None:
        raise UsageError(
            f"model '{options.model}' describes itself; audit it without a model.yaml: "
            f"fair-audit {options.connection.flags()} --model {options.model}"
        )
    return found.metadata


def by_samples(
    server: Server,
    options: InitOptions,
    said: Described,
    redraft: Redraft | None,
    console: Console,
) -> tuple[Described, list[str]]:
    """The description as answers to samples correct it, and lines of what they show.

    Args:
        server: that serves it.
        options: the flags.
        said: a first draft, or a description to try.
        redraft: the draft by answers to samples, where it is one.
        console: for what is to be known about the table.
    """
    assert options.data is not None
    if not is_table(options.data):
        raise UsageError(f"--data {options.data}: no csv or parquet; {table_in(options.data)}")
    model = describe(server, options.model, said, options.version)
    with waiting(f"reading {options.data}", console):
        split = table_split(audited(options), options.data, model, as_stored=True)

    def note(text: str) -> None:
        console.print(f"note: {text}", highlight=False, markup=False)

    for text in split.notes:
        note(text)
    positive = table_columns(options.data, options.table, options.attributes).positive
    with connect(options.connection, most_answer_bytes(model, split.shapes)) as asked:
        transport = PartsTransport(asked, note)
        try:
            trial = tried(model, transport, split, positive, options.samples)
        except ServerError as error:
            hint = "; without --data a draft is written all the same" if redraft else ""
            raise ServerError(f"{error}{hint}") from None
        if redraft is not None:
            said = redraft(trial)
        lines = list(what_was_seen(trial, said))
        if options.probes:
            model = describe(server, options.model, said, options.version)
            probes = record(model, transport, split, options.probes)
            write_probes(beside(said.path), probes)
            n = len(probes.answers)
            lines.append(f"{beside(said.path)}: {n} probes; keep it private, answers are in it")
    return said, lines


def audited(options: InitOptions) -> Options:
    """The flags of the audit of the same data."""
    return Options(
        AnalysisOptions(),
        connection=options.connection,
        model=options.model,
        data=options.data,
        split=options.split,
        attributes=options.attributes,
        on_error=options.on_error,
        table=options.table,
    )


def written(path: Path, text: str) -> None:
    """Write the draft.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        write_atomically(path, text)
    except OSError as error:
        raise UsageError(f"--out {path}: {error.strerror}; name another") from None
