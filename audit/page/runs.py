"""The page of several runs against one reference: compare.html of all of them."""

from dataclasses import dataclass

from audit.compare.overview import Overview, Standing
from audit.page.compare import joint
from audit.page.duel import squares
from audit.page.render import environment
from audit.policy.verdict import label_of
from audit.report import layout
from fairness.outcomes import Contrast, Row
from fairness.tasks.catalogue import tables_of


@dataclass(frozen=True)
class Block:
    """All runs in one attribute, of all labels together or of one."""

    label: str
    attribute: str
    rows: tuple[Standing, ...]


def runs_page(overview: Overview) -> str:
    """One file of HTML, which needs no network and no script; every text in it is escaped."""
    template = environment().get_template("runs.html.jinja")
    of_all = label_of(overview.reports[0])
    whole = [block for block in blocks(overview) if block.label == of_all]
    return template.render(
        about=overview.about,
        runs=overview.runs,
        label=next(iter(tables_of(overview.reports[0]).groups)),
        verdict=overview.verdict,
        blocks=whole,
        of_labels=[block for block in blocks(overview) if block.label != of_all],
        squares=squares(overview.reports, [str(run.number) for run in overview.runs]),
        numbers=[str(run.number) for run in overview.runs],
        cell=cell,
        change=change,
        worst=worst,
    )


def blocks(overview: Overview) -> list[Block]:
    """Attribute by attribute, label by label, every run."""
    places = dict.fromkeys((row.label, row.attribute) for row in overview.rows)
    return [
        Block(
            *place,
            tuple(row for row in overview.rows if (row.label, row.attribute) == place),
        )
        for place in places
    ]


def cell(row: Row | None) -> tuple[str, str]:
    """A number and its interval; a dash where there is none."""
    if row is None:
        return layout.NOT_DEFINED, ""
    return parted(layout.cell(row))


def worst(row: Standing) -> tuple[str, str]:
    """The lowest group with its number, and its interval."""
    value, interval = cell(row.worst)
    return f"{row.worst.group} {value}" if row.worst else value, interval


def change(moved: Contrast | None, said: str = "") -> tuple[str, str]:
    """A change, and its joint interval with what is said of it; nothing of the reference."""
    if moved is None:
        return "", ""
    value, interval = parted(joint(moved)) if moved.value is not None else (joint(moved), "")
    return value, "; ".join(filter(None, (interval, said)))


def parted(text: str) -> tuple[str, str]:
    """`0.853 [0.812, 0.888]` in two."""
    value, _, interval = text.partition(" ")
    return value, interval
