"""`python -m training.study`: the paper's tables, from one YAML file.

Every run is trained, exported and audited by the commands that a user would type, in a folder of
its own that its settings name. So a study that was stopped goes on where it was, and ends in the
same tables.
"""

import hashlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from fairness.atomic import replace_files
from fairness.datasets.fairvlmed import FairVLMed
from fairness.errors import DataError, UsageError
from fairness.guard import DEBUG_HELP, guarded
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe
from training.gpu import has_gpu
from training.runlog import LOG, log_to_terminal, progress_bar
from training.settings import CONFIGS, RUNS
from training.starting_data import attribute_of
from training.study.caption import TITLES, caption_of
from training.study.config import Study, read_study
from training.study.execute import execute
from training.study.layout import csv_of, latex, markdown
from training.study.plan import Row, plan, runs_of
from training.study.rows import block_of

DESCRIPTION = """Make the tables of FairCLIP's paper: linear probing (2), zero-shot after training
(3) and end-to-end fine-tuning (5), for models x methods x attributes x seeds.

Each run is trained, exported to ONNX and audited; the tables hold mean, deviation and interval over
the seeds, as markdown, csv and LaTeX. The same command goes on with a study that was stopped.

Examples:

  python -m training.study --config training/configs/study_tiny.yaml

  python -m training.study --config training/configs/study_paper.yaml --out runs/study/paper
"""


def default_jobs() -> int:
    """Runs at the same time: they would share one GPU's memory, but each keeps one core busy."""
    return 1 if has_gpu() else min(4, os.cpu_count() or 1)


@dataclass(frozen=True)
class Options:
    """The arguments of `python -m training.study`."""

    config: Path = CONFIGS / "study_tiny.yaml"
    """YAML file of the study."""
    out: Path | None = None
    """Folder of its runs and tables; without it runs/study/NAME, after the file."""
    jobs: Annotated[int, tyro.conf.arg(metavar="N")] = field(default_factory=default_jobs)
    """Runs at the same time, each a process of its own; without it 1 where there is a GPU, else one
    a core, 4 at most."""

    def __post_init__(self) -> None:
        """Raises UsageError where a number is out of range."""
        if self.jobs < 1:
            raise UsageError("--jobs must be at least 1")


def run(arguments: list[str]) -> int:
    """Run the command and return its exit code: 0 done, 2 usage, 3 data, 130 interrupted."""
    log_to_terminal()
    return guarded("study", "the same command goes on", arguments, run_command)


def run_command(arguments: list[str]) -> int:
    """Run the study and write its tables; 0.

    Raises:
        UsageError: the file of the study says something impossible.
        DataError: the data are missing, or a run failed.
    """
    about = DESCRIPTION + DEBUG_HELP
    options = tyro.cli(Options, prog="python -m training.study", description=about, args=arguments)
    study = read_study(options.config)
    out = options.out or RUNS / "study" / options.config.stem
    plan(study, options.config, "")  # a mistyped setting is told before the data are read
    write_data(study)
    rows = plan(study, options.config, digest_of_data(study))
    attributes = list(dict.fromkeys(row.attribute for row in rows))
    execute(study, runs_of(rows), out, attributes, options.jobs)
    write_tables(study, rows, out)
    LOG.info(f"tables: {out / 'tables'}")
    return 0


def write_data(study: Study) -> None:
    """Write the synthetic data set, where the study has one and it is not there.

    Raises:
        DataError: the folder is missing, and nothing is to be written there.
        UsageError: it holds other data.
    """
    if study.synthetic is None:
        if not study.data.is_dir():
            raise DataError(f"{study.data}: no such folder; name that of the data under `data:`")
        return
    sizes = study.synthetic
    recipe = Recipe(train=sizes.train, val=sizes.val, test=sizes.test)
    with progress_bar("writing images") as bar:
        write_fairvlmed(study.data, recipe, bar.show)


def digest_of_data(study: Study) -> str:
    """SHA-256 of the three splits and of the tables beside them, which hold the notes.

    Raises:
        DataError: one is missing or unusable.
        UsageError: they lack an attribute of the study.
    """
    found = []
    for name in ("train", "val", "test"):
        split = FairVLMed(study.data, name)
        for table in study.tables.values():
            for attribute in table.attributes:
                attribute_of(split, attribute)
        found.append(split.fingerprint())
    tables = sorted(study.data.glob("*.csv"))
    found += [hashlib.sha256(file.read_bytes()).hexdigest() for file in tables]
    return hashlib.sha256(" ".join(found).encode()).hexdigest()


def write_tables(study: Study, rows: Sequence[Row], out: Path) -> None:
    """Write every table in three forms."""
    # A table that the study has no longer must not stay beside the others.
    files: dict[str, bytes | str | None] = {
        f"{table}.{form}": None for table in TITLES for form in ("md", "csv", "tex")
    }
    for table, wanted in study.tables.items():
        mine = [row for row in rows if row.table == table]
        blocks = [
            block_of(name, [row for row in mine if row.attribute == name], out / "runs")
            for name in wanted.attributes
        ]
        caption = caption_of(study, mine, blocks)
        files[f"{table}.md"] = markdown(TITLES[table], blocks, caption)
        files[f"{table}.csv"] = csv_of(table, blocks)
        files[f"{table}.tex"] = latex(TITLES[table], table, blocks, caption)
    replace_files(out / "tables", files)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
