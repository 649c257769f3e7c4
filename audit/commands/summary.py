"""`fair-audit summary`: the file that a site hands over in place of rows."""

import re
from dataclasses import dataclass
from pathlib import Path

import tyro
from rich.console import Console

from audit.pool.from_run import summary_of_run
from audit.pool.shown import print_summary
from audit.waiting import waiting
from fairness.atomic import write_atomically
from fairness.errors import UsageError
from fairness.guard import DEBUG_HELP
from fairness.pooling.document import parsed, written

HELP = """Write what a site may hand over of a finished run in place of rows: counts, sums and
histograms of scores by group and label, no cell of them with fewer than 11 people.

fair-audit pool makes one report of the files of several sites.

Examples:

  fair-audit summary reports/fairclip/RUN --site north --out north.json

  fair-audit summary reports/ours --site north --label glaucoma --weights-sha256 9f2c...
"""


@dataclass(frozen=True)
class SummaryOptions:
    """Flags of `fair-audit summary`."""

    run: tyro.conf.Positional[Path]
    """Folder of the run, with its report/ and records/."""
    site: str
    """Name of the site in the file and in the pooled report."""
    out: Path = Path("site.json")
    """File to write."""
    label: str | None = None
    """What a positive case has, e.g. glaucoma; without it, as the model says."""
    weights_sha256: str | None = None
    """SHA-256 of the model's file, where the run does not say it: sites must have the same."""
    suppress_below: int | None = None
    """Fewest people of a group, of its positives and negatives, and of a cell of a histogram;
    without it, as in the report of the run."""

    def __post_init__(self) -> None:
        """Raises UsageError where a number or a digest is none."""
        if self.suppress_below is not None and self.suppress_below < 0:
            raise UsageError("--suppress-below must not be negative")
        digest = self.weights_sha256
        if digest is not None and re.fullmatch("[0-9a-f]{64}", digest) is None:
            raise UsageError("--weights-sha256: give 64 digits 0-9 and a-f, as sha256sum prints")


def summary(arguments: list[str], console: Console) -> int:
    """`fair-audit summary`; the exit code."""
    options = tyro.cli(
        SummaryOptions, prog="fair-audit summary", description=HELP + DEBUG_HELP, args=arguments
    )
    if options.out.is_dir():
        raise UsageError(f"--out {options.out} is a folder; name a file")
    with waiting(f"reading {options.run}", console):
        found = summary_of_run(
            options.run,
            options.site,
            label=options.label,
            weights=options.weights_sha256,
            least=options.suppress_below,
        )
    text = written(found)
    parsed(text, str(options.out))  # nothing leaves that another site would refuse
    write_atomically(options.out, text)
    print_summary(found, console)
    console.print(f"summary: {options.out}", highlight=False, markup=False)
    return 0
