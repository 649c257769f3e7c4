"""What stands below a table: data, choices, statistics, versions, and what it cannot show."""

from collections.abc import Iterable, Sequence

from training.study.config import Study, TableName
from training.study.evaluated import Evaluated
from training.study.over_seeds import REPLICATES
from training.study.plan import Row
from training.study.rows import Block

TITLES: dict[TableName, str] = {
    "linear-probing": "Linear probing (layout of Table 2)",
    "zero-shot": "Zero-shot transfer after training (layout of Table 3)",
    "fine-tuning": "End-to-end fine-tuning (layout of Table 5)",
}
TEXTS = {
    "note": "the summaries of the notes (GPT-4's in Harvard-FairVLMed)",
    "original": "the original notes",
    "label": "the prompt of the class in place of a note",
}
CHOSEN = {
    "val": "the epoch with the highest AUC on validation is kept",
    "test": "the epoch with the highest AUC on the TEST split is kept, as in the released code, "
    "so that every number here is optimistic",
    "last": "the last epoch is kept",
}


def caption_of(study: Study, rows: Sequence[Row], blocks: Sequence[Block]) -> list[str]:
    """Sentences, one a paragraph."""
    lines = [line for block in blocks for line in block.lines]
    every = [one for line in lines for one in line.evaluated]
    data = every[0].provenance("data")
    seeds = ", ".join(map(str, study.seeds))
    runs = len(study.seeds)
    return [
        f"Data: {data['dataset']}, {data['split']} split, {data['n']} images "
        f"(SHA-256 {str(data['split_sha256'])[:12]}). {data['statement'] or ''}".strip(),
        *(_sizes(block) for block in blocks),
        _interval(runs, seeds),
        "Differences are paired by seed and by patient; their interval is made the same way and "
        "holds for one number alone, not for all of a table together.",
        f"Selection: {CHOSEN[study.select_on]}. Threshold of DPD, DEOdds and Flagged (the share "
        f"predicted positive): {_threshold(study)}.",
        "DPD and DEOdds are largest gaps, never negative: small groups and chance raise them, and "
        "a model that flags nobody, or everybody, has none. Groups of fewer than "
        f"{study.suppress_below} people, positives or negatives are not shown and count in no gap.",
        f"Trained on {TEXTS[study.text_source]}. {_models(rows)}",
        f"Each model was exported to ONNX and scored by fair-audit. {_versions(every)}",
        *_doubts(study, rows, str(data["statement"] or "")),
    ]


def _interval(runs: int, seeds: str) -> str:
    if runs < 2:
        return (
            f"Numbers are percent, of a single seed ({seeds}): without deviation and interval, "
            "since one seed does not show how far seeds differ."
        )
    return (
        f"Numbers are percent: mean ± sample standard deviation (n - 1) over {runs} seeds "
        f"({seeds}), then a 95 % interval. It covers both seeds and test patients: the variance "
        f"over seeds divided by their number plus the bootstrap variance over patients "
        f"({REPLICATES} draws inside groups, the same for all runs), with Student's quantile "
        "(Welch-Satterthwaite); cut at 0 and 100, of differences at -100 and 100."
    )


def _sizes(block: Block) -> str:
    sizes = (
        f"{group} {'not shown' if n is None else n}"
        + ("" if positive is None else f" ({positive} positive)")
        for group, n, positive in block.groups
    )
    return f"{block.attribute.capitalize()}: {', '.join(sizes)}."


def _threshold(study: Study) -> str:
    if study.threshold == "youden":
        return "Youden's on validation, each run its own (the paper has 0.5)"
    return f"{study.threshold:g} for all"


def _models(rows: Iterable[Row]) -> str:
    return "; ".join(dict.fromkeys(f"{row.label}: {_said(row)}" for row in rows)) + "."


def _said(row: Row) -> str:
    """Architecture, weights, epochs, rate and lambda of the trainings behind a row."""
    run = row.runs[0]
    said = []
    for one in (run.after, run):
        if one is None:
            continue
        values = vars(one.config)
        weights = values.get("weights") or values.get("vision") or "random"
        parts = [] if one.after is not None else [f"{values['preset']} from {weights} weights"]
        if one.command != "probe" or values["head"] == "linear":
            epochs = values["epochs"]
            parts.append(f"{epochs} epoch{'' if epochs == 1 else 's'}")
        if values.get("fair_mode", "none") != "none":
            of = f"{values['fair_mode']} mode for {values['attribute']}"
            parts.append(f"{of}, lambda {values['fair_lambda']:g}")
        said.append(f"{one.command} {', '.join(parts)}")
    return ", then ".join(said)


def _versions(every: Sequence[Evaluated]) -> str:
    found = dict.fromkeys(
        ", ".join(
            [
                *(f"{name} {number}" for name, number in one.versions.items()),
                str(one.provenance("server")["name"]),
            ]
        )
        for one in every
    )
    mixed = " The runs were made with different versions." if len(found) > 1 else ""
    return f"Versions: {'; or '.join(found)}.{mixed}"


def _doubts(study: Study, rows: Sequence[Row], statement: str) -> list[str]:
    tiny = [label for label, model in study.models.items() if model.preset == "tiny"]
    found = []
    shown = study.tables[rows[0].table].models or tuple(study.models)
    untrained = [label for label in shown if study.models[label].trainer == "blip2"]
    if untrained and rows[0].table == "linear-probing":
        found.append(f"{', '.join(untrained)}: heads on the trained model alone, not on its start.")
    if statement:
        found.append("The data are synthetic: nothing here is a statement about patients.")
    if tiny:
        found.append(
            f"{', '.join(tiny)}: a small network from random weights. It shows that the commands, "
            "the pairing and the layout work. It cannot show what pretraining brings, how the "
            "paper's models rank, or whether the fair term helps at the published size."
        )
    return found
