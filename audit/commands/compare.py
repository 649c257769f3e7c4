"""`fair-audit compare`: stored runs held against one of them, paired by sample id."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from audit.compare.comparison import Comparison, held, sides_of
from audit.compare.files import write_comparison, write_overview
from audit.compare.judged import change_policy, judged
from audit.compare.overview import overview, worst_of
from audit.compare.runs import paired, read_run
from audit.compare.terminal import print_comparison, print_overview
from audit.options import AnalysisOptions
from audit.out_folder import check_writable
from audit.report.github import annotations
from audit.waiting import waiting
from fairness.errors import UsageError
from fairness.guard import DEBUG_HELP

HELP = """Hold stored runs against one of them, sample by sample: by how much every number of every
group and label changed, which decisions flipped, and whether a gap shrank by lifting or by
lowering. More than two runs also get one table of all. With --policy its rules on a change
(change: true) are judged, and where one fails the exit code is 1.

Examples:

  fair-audit compare reports/clip/RUN reports/fairclip/RUN

  fair-audit compare reports/clip/RUN reports/fairclip/RUN --policy policy.yaml --strict

  fair-audit compare reports/a reports/b reports/c --reference reports/b --common --out reports/abc
"""


@dataclass(frozen=True)
class CompareOptions:
    """Flags of `fair-audit compare`."""

    runs: tyro.conf.Positional[tuple[Path, ...]]
    """Folders of two or more runs."""
    analysis: tyro.conf.OmitArgPrefixes[AnalysisOptions]
    reference: Annotated[Path | None, tyro.conf.arg(metavar="RUN")] = None
    """The run that the others are held against; without it, the first."""
    out: Annotated[Path, tyro.conf.arg(metavar="FOLDER")] = Path("reports/compare")
    """Folder to write compare.html, compare.json and changes.csv into."""
    common: bool = False
    """Leave out samples that not all runs have; otherwise such runs are refused."""


def compare(arguments: list[str], console: Console) -> int:
    """`fair-audit compare`; 0, or with a policy 1 for FAIL and 4 for INCONCLUSIVE and --strict.

    Raises:
        UsageError: fewer than two runs, runs that cannot be paired, or a policy without a rule.
        DataError: a run cannot be read.
    """
    options = tyro.cli(
        CompareOptions, prog="fair-audit compare", description=HELP + DEBUG_HELP, args=arguments
    )
    numbered = in_order(options.runs, options.reference)
    if len(numbered) < 2:
        raise UsageError("name two runs or more; the first is the one to compare with")
    refuse_others(options.analysis)
    check_writable(options.out)
    numbers = [number for number, _ in numbered]
    read = [read_run(folder) for _, folder in numbered]
    runs, note = paired(read, common=options.common)
    policy = None
    if options.analysis.policy is not None:  # refused before anything is resampled
        policy = change_policy(options.analysis.policy, runs[0], options.analysis)
    with waiting(f"resampling the patients of {len(runs[0].answered.cases)} rows", console):
        reference, *others = sides_of(runs, options.analysis)
    found, folders = [], []
    for number, side in zip(numbers[1:], others, strict=True):
        with waiting(f"holding {side.run.name} against {reference.run.name}", console):
            one = held(reference, side, options.analysis.settings, note, alike=len(others))
        one = one if policy is None else judged(one, *policy)
        alone = len(others) == 1
        folders.append(options.out if alone else options.out / f"{number}-against-{numbers[0]}")
        found.append(one)
        write_comparison(folders[-1], one)
        print_comparison(one, console)
        console.print(f"page: {folders[-1] / 'compare.html'}", highlight=False, markup=False)
    if len(others) > 1:
        pages = [f"{folder.name}/compare.html" for folder in folders]
        table = overview(numbers, pages, found)
        write_overview(options.out, table)
        print_overview(table, console)
        page = options.out / "compare.html"
        console.print(f"page of all: {page}", highlight=False, markup=False)
    return verdict_code(found, options.analysis, console)


def in_order(folders: Sequence[Path], reference: Path | None) -> list[tuple[int, Path]]:
    """The runs with their numbers on the command line, the reference first.

    A reference that is none of them becomes the last.
    """
    numbered = list(enumerate(folders, start=1))
    if reference is None:
        return numbered
    same = [place for place in numbered if place[1].resolve() == reference.resolve()]
    first = same[0] if same else (len(folders) + 1, reference)
    return [first, *(place for place in numbered if place[0] != first[0])]


def refuse_others(options: AnalysisOptions) -> None:
    """Refuse flags of an audit that mean nothing here.

    Raises:
        UsageError: one is given.
    """
    flags = {
        "--baseline": options.baseline,
        "--compat": options.compat,
        "--mlflow": options.mlflow,
        "--wandb": options.wandb,
    }
    if given := [name for name, value in flags.items() if value is not None]:
        raise UsageError(f"{given[0]} belongs to an audit or a report; leave it out of compare")


def verdict_code(found: Sequence[Comparison], options: AnalysisOptions, console: Console) -> int:
    """Annotations where they are asked for, and the exit code of the worst verdict."""
    judgements = [one.judgement for one in found if one.judgement is not None]
    if options.format == "github":
        for line in (text for judgement in judgements for text in annotations(judgement)):
            console.print(line, highlight=False, markup=False, soft_wrap=True)
    worst = worst_of([judgement.verdict for judgement in judgements])
    if worst is None:
        return 0
    return {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 4 if options.strict else 0}[worst]
