"""discover.json, discover.csv, discover.md and discover.svg."""

import csv
import io
import json
from dataclasses import asdict, fields
from pathlib import Path

from audit.discovery.lines import to_markdown
from audit.discovery.picture import picture
from audit.discovery.written import Shown, WrittenDiscovery
from fairness.atomic import write_atomically
from fairness.text import csv_cell


def write_discovery(folder: Path, found: WrittenDiscovery) -> None:
    """Write the four files into `folder`, each whole or not at all."""
    text = json.dumps(found.document(), indent=1, allow_nan=False) + "\n"
    write_atomically(folder / "discover.json", text)
    write_atomically(folder / "discover.csv", csv_text(found))
    write_atomically(folder / "discover.md", to_markdown(found))
    write_atomically(folder / "discover.svg", picture(found))


def csv_text(found: WrittenDiscovery) -> str:
    """One line a subgroup, each marked as exploratory; cells that no spreadsheet calculates."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["kind", *(field.name for field in fields(Shown))])
    for one in found.subgroups:
        writer.writerow(["exploratory", *map(csv_cell, asdict(one).values())])
    return text.getvalue()
