"""`fair-audit compare`: stored runs held against the first of them, paired by sample id."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from rich.markup import escape

from audit.compare.comparison import Comparison, compared
from audit.compare.runs import paired, read_run
from audit.options import AnalysisOptions
from audit.page.compare import compare_page
from audit.plan import check_writable
from audit.report import layout
from audit.report.files import MANIFEST, manifest, to_csv
from audit.report.recorded import plain_attributes
from audit.report.terminal import plain_table
from audit.waiting import waiting
from fairness.atomic import replace_files
from fairness.attributes import OVERALL
from fairness.errors import UsageError
from fairness.guard import DEBUG_HELP
from fairness.outcomes import Contrast
from fairness.tasks.catalogue import tables_of

HELP = """Hold stored runs against the first of them, sample by sample: by how much every number of
every group changed, which decisions flipped, and whether a gap shrank by lifting or by lowering.

Examples:

  fair-audit compare reports/clip/RUN reports/fairclip/RUN

  fair-audit compare reports/a reports/b reports/c --common --out reports/abc
"""


@dataclass(frozen=True)
class CompareOptions:
    """Flags of `fair-audit compare`."""

    runs: tyro.conf.Positional[tuple[Path, ...]]
    """Folders of two or more runs; the first is the reference."""
    analysis: tyro.conf.OmitArgPrefixes[AnalysisOptions]
    out: Annotated[Path, tyro.conf.arg(metavar="FOLDER")] = Path("reports/compare")
    """Folder to write compare.html, compare.json and changes.csv into."""
    common: bool = False
    """Leave out samples that not all runs have; otherwise such runs are refused."""


def compare(arguments: list[str], console: Console) -> int:
    """`fair-audit compare`; the exit code.

    Raises:
        UsageError: fewer than two runs, or runs that cannot be paired.
        DataError: a run cannot be read.
    """
    options = tyro.cli(
        CompareOptions, prog="fair-audit compare", description=HELP + DEBUG_HELP, args=arguments
    )
    if len(options.runs) < 2:
        raise UsageError("name two runs or more; the first is the one to compare with")
    if options.analysis.policy is not None or options.analysis.compat is not None:
        raise UsageError(
            "--policy and --compat belong to an audit or a report, with --baseline RUN"
        )
    check_writable(options.out)
    runs, note = paired([read_run(folder) for folder in options.runs], common=options.common)
    for number, run in enumerate(runs[1:], start=2):
        folder = options.out if len(runs) == 2 else options.out / f"{number}-against-1"
        with waiting(f"resampling the patients of {len(run.answered.cases)} rows", console):
            found = compared(runs[0], run, options.analysis, note)
        write_comparison(folder, found)
        print_comparison(found, console)
        console.print(f"page: {folder / 'compare.html'}", highlight=False, markup=False)
    return 0


def write_comparison(folder: Path, comparison: Comparison) -> None:
    """Write compare.html, compare.json, changes.csv and their manifest, all or none."""
    files: dict[str, str | None] = {
        "compare.json": json.dumps(comparison.document(), indent=1, allow_nan=False) + "\n",
        "compare.html": compare_page(comparison),
        "changes.csv": to_csv(Contrast, comparison.changes),
    }
    replace_files(folder, {**files, MANIFEST: manifest(files)})


def print_comparison(comparison: Comparison, console: Console) -> None:
    """The change of the first number of every group, and what became of the gaps."""
    first, second = (r.rows[0].model for r in (comparison.first, comparison.second))
    console.print(f"{second} against {first}", highlight=False, markup=False)
    label, metric = next(iter(tables_of(comparison.first).groups.items()))
    shown = [OVERALL, *plain_attributes(comparison.first)]
    table = plain_table("group", f"change of {label}", "joint interval", "p")
    for c in comparison.changes:
        if c.metric == metric and c.attribute in shown:
            table.add_row(
                escape(f"{c.attribute} {c.group_a}"),
                layout.limited(c.value, None, None),
                layout.bracketed(c.low_adjusted, c.high_adjusted),
                "" if c.p is None else layout.p_number(c.p),
            )
    console.print(table)
    for one in comparison.levelling:
        console.print(
            f"{one.attribute}: gap {one.gap_before:.3f} to {one.gap_after:.3f}, {one.said}",
            highlight=False,
            markup=False,
        )
