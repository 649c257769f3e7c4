"""Tables as markdown, csv and LaTeX, in the paper's order of columns."""

import csv
import io
from collections.abc import Sequence

import numpy as np

from training.study.over_seeds import Spread
from training.study.rows import Block, Line

COLUMNS = {"dpd": "DPD ↓", "deodds": "DEOdds ↓", "auc": "AUC ↑", "es_auc": "ES-AUC ↑"}
RATE = {"rate": "Flagged"}
NONE = "not shown"
SPECIAL = {"&": r"\&", "%": r"\%", "_": r"\_", "#": r"\#", "$": r"\$", "~": r"\textasciitilde{}"}
TEX = SPECIAL | {"±": r"$\pm$", "−": "$-$", "↓": r"$\downarrow$", "↑": r"$\uparrow$"}  # noqa: RUF001
CSV_HEADER = (
    *("table", "attribute", "row", "metric", "group", "seeds", "mean", "sd", "low", "high"),
    *("values", "n", "n_positive"),
)


def columns_of(block: Block) -> dict[str, str]:
    """Headings of the numbers of a block, by their names."""
    groups = {f"auc:{group}": f"{group} AUC ↑" for group, _, _ in block.groups}
    return COLUMNS | groups | RATE


def cell(spread: Spread | None, signed: bool) -> str:
    """Percent: mean ± deviation [limits]; what does not exist is left out."""
    if spread is None:
        return NONE
    sign = "+" if signed else ""
    text = f"{100 * spread.mean:{sign}.2f}"
    if not np.isnan(spread.sd):
        text += f" ± {100 * spread.sd:.2f}"
        text += f" [{100 * spread.low:{sign}.1f}, {100 * spread.high:{sign}.1f}]"
    return text.replace("-", "−")  # noqa: RUF001  # a minus, not a hyphen


def cells(line: Line, block: Block) -> list[str]:
    """The printed row of a line."""
    signed = not line.evaluated
    return [line.label, *(cell(line.spreads.get(name), signed) for name in columns_of(block))]


def markdown(title: str, blocks: Sequence[Block], caption: Sequence[str]) -> str:
    """A heading, a table an attribute, and the caption."""
    parts = [f"## {title}"]
    for block in blocks:
        heads = _escaped(["model", *columns_of(block).values()])
        lines = [f"| {' | '.join(heads)} |", "|---|" + "--:|" * (len(heads) - 1)]
        lines += [f"| {' | '.join(_escaped(cells(line, block)))} |" for line in block.lines]
        parts += [f"### {block.attribute}", "\n".join(lines)]
    return "\n\n".join([*parts, *caption]) + "\n"


def _escaped(words: Sequence[str]) -> list[str]:
    return [word.replace("|", r"\|").replace("<", "&lt;") for word in words]


def latex(title: str, label: str, blocks: Sequence[Block], caption: Sequence[str]) -> str:
    """A `table*` with a `tabular` an attribute; needs booktabs and graphicx."""
    parts = [r"\begin{table*}", r"\centering", rf"\caption{{{_tex(title)}}}"]
    parts.append(rf"\label{{tab:{label}}}")
    for block in blocks:
        heads = [block.attribute, *columns_of(block).values()]
        parts += [
            r"\resizebox{\textwidth}{!}{%",
            rf"\begin{{tabular}}{{l{'r' * (len(heads) - 1)}}}",
        ]
        parts += [r"\toprule", " & ".join(map(_tex, heads)) + r" \\", r"\midrule"]
        parts += [" & ".join(map(_tex, cells(line, block))) + r" \\" for line in block.lines]
        parts += [r"\bottomrule", r"\end{tabular}}", r"\par\medskip"]
    parts += [r"\begin{minipage}{\textwidth}\footnotesize"]
    parts += [*(_tex(sentence) + r"\par" for sentence in caption), r"\end{minipage}"]
    return "\n".join([*parts, r"\end{table*}"]) + "\n"


def _tex(text: str) -> str:
    return "".join(TEX.get(character, character) for character in text)


def csv_of(table: str, blocks: Sequence[Block]) -> str:
    """A row a number, as fractions, with the value of each seed."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_HEADER)
    for block in blocks:
        counts = {group: (n, positive) for group, n, positive in block.groups}
        for line in block.lines:
            for name, spread in line.spreads.items():
                metric, _, group = name.partition(":")
                numbers = (spread.mean, spread.sd, spread.low, spread.high)
                writer.writerow(
                    [
                        *(table, block.attribute, line.label, metric, group or "all"),
                        *(len(spread.values), *map(_number, numbers)),
                        " ".join(map(_number, spread.values.tolist())),
                        *("" if count is None else count for count in counts.get(group, ("", ""))),
                    ]
                )
    return out.getvalue()


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.6f}"
