"""`fair-audit discover`: subgroups that nobody named, found in one half and tested in the other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import tyro
from rich.console import Console
from rich.markup import escape

from audit.discovery.files import write_discovery
from audit.discovery.lines import CAVEAT, HEADS, cells, headline, notes
from audit.discovery.written import WrittenDiscovery, written
from audit.flags import CommaNames, Source
from audit.out_folder import check_writable
from audit.provenance import of_file
from audit.records.columns import Columns
from audit.records.predictions import Predictions, read_predictions
from audit.report.terminal import plain_table
from audit.waiting import waiting
from fairness.discover.candidates import Limits
from fairness.discover.discovery import Search, discover
from fairness.errors import UsageError
from fairness.guard import DEBUG_HELP
from fairness.outcomes import Names, Outcomes
from fairness.tasks.binary import BinaryTask, outcomes_of

HELP = """Subgroups that nobody named, in which a classifier does worst: of up to three conditions
over attributes and covariates, found in one half of the patients by their AUC beside everybody
else's, the best five tested in the other half, adjusted for five tests. Exploratory: apart from
every report and policy.

Examples:

  fair-audit discover --from reports/fairclip/RUN/records/outcomes.parquet

  fair-audit discover --from scores.csv --target disease --score p --attributes sex,race \\
      --patient subject --over sex,race,age,scanner --out reports/discovered

Of simulated drops in AUC in 10 % of the people, at 30 % prevalence, it finds

  0.15 in 4,000 people: 90 %

  0.10 in 8,000 people: 90 %

  0.10 in 4,000 people: 48 %; at 10 % prevalence 5 %

and where there is nothing it reports something in 2.3 %. So silence is no proof. It looks at AUC
alone, at no threshold.
"""


@dataclass(frozen=True)
class DiscoverOptions:
    """Flags of `fair-audit discover`."""

    source: Source
    """Parquet or csv, one row a sample."""
    columns: tyro.conf.OmitArgPrefixes[Columns]
    over: CommaNames = ()
    """Attributes and covariates to look at; without it, all that the file has."""
    conditions: int = 3
    """Most conditions of a subgroup, 1 to 3."""
    people: int = 100
    """Fewest people of a subgroup in each half."""
    of_class: int = 20
    """Fewest positives, and fewest negatives, of a subgroup in each half."""
    suppress_below: int = 11
    """Subgroups that leave fewer people, positives or negatives of a larger one are not looked at,
    since the difference would tell of these."""
    seed: int = 0
    """Of the division into halves; choose it before looking, and never by the result."""
    out: Path = Path("discover")
    """Folder for discover.json, discover.csv, discover.md and discover.svg."""

    def __post_init__(self) -> None:
        """Raises UsageError where a number is out of range."""
        if not 1 <= self.conditions <= 3:
            raise UsageError("--conditions must be 1, 2 or 3")
        if self.of_class < 20:
            raise UsageError("--of-class must be at least 20: with fewer the test is not reliable")
        if min(self.people, self.suppress_below, self.seed) < 0:
            raise UsageError("--people, --suppress-below and --seed must not be negative")

    @property
    def search(self) -> Search:
        """How to look."""
        limits = Limits(self.conditions, self.people, self.of_class, max(1, self.suppress_below))
        return Search(limits, seed=self.seed)


def discover_command(arguments: list[str], console: Console) -> int:
    """`fair-audit discover`; 0, whatever is found."""
    options = tyro.cli(
        DiscoverOptions, prog="fair-audit discover", description=HELP + DEBUG_HELP, args=arguments
    )
    check_writable(options.out)
    with waiting(f"reading {options.source}", console):
        predictions = read_predictions(options.source, options.columns)
    for note in predictions.notes:
        console.print(f"note: {note}", highlight=False, markup=False)
    if predictions.task is not BinaryTask:
        raise UsageError(
            f"--from {options.source}: subgroups are looked for by the AUC of one label; name its "
            "column with --target and that of its score with --score"
        )
    outcomes, variables = narrowed(outcomes_of(predictions.answered), options.over)
    with waiting(f"searching {len(outcomes)} rows", console):
        found = discover(outcomes, options.search)
    about = told(options, predictions, arguments)
    shown = written(found, options.search, variables, about)
    write_discovery(options.out, shown)
    print_discovery(shown, console)
    console.print(f"discovered: {options.out / 'discover.md'}", highlight=False, markup=False)
    return 0


def narrowed(outcomes: Outcomes, over: Sequence[str]) -> tuple[Outcomes, tuple[str, ...]]:
    """The outcomes with the named attributes and covariates alone, or all; their names.

    Raises:
        UsageError: there is none, or none of such a name.
    """
    names = (*(attribute.name for attribute in outcomes.attributes), *outcomes.covariates)
    if unknown := [name for name in over if name not in names]:
        raise UsageError(f"--over: no '{unknown[0]}' (there are: {', '.join(names) or 'none'})")
    chosen = tuple(dict.fromkeys(over)) or names
    if not chosen:
        raise UsageError("the file has no attributes and no covariates; name some: --attributes")
    kept = replace(
        outcomes,
        attributes=tuple(a for a in outcomes.attributes if a.name in chosen),
        covariates={name: v for name, v in outcomes.covariates.items() if name in chosen},
    )
    return kept, chosen


def told(
    options: DiscoverOptions, predictions: Predictions, words: Sequence[str]
) -> dict[str, object]:
    """Provenance: of what, by what command."""
    names = predictions.names or Names("predictions", "file", options.source.name)
    return of_file(options.source, names, predictions, None, ["discover", *words])


def print_discovery(found: WrittenDiscovery, console: Console) -> None:
    """What was looked at, the tested subgroups, how to read them."""
    for line in headline(found):
        console.print(line, highlight=False, markup=False)
    table = plain_table(*HEADS)
    for column in table.columns[1:8]:
        column.justify, column.no_wrap = "right", True
    for one in found.subgroups:
        table.add_row(*map(escape, cells(one)), style="bold" if one.reported else None)
    console.print(table)
    for line in (*notes(found), CAVEAT):
        console.print(line, highlight=False, markup=False)
