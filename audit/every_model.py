"""An audit of the model asked for, or of every model of a server that describes itself."""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.console import Console

from audit.batch_bytes import batch_bytes
from audit.choice import OF_CHOICE, with_choice
from audit.client.endpoint import describe, looked_up, self_described_models
from audit.client.engine import with_engine
from audit.client.onnx_file import OnnxFile
from audit.client.parts import PartsTransport
from audit.client.sending import sending
from audit.options import AnalysisOptions, Options
from audit.plan import JOURNAL
from audit.prometheus import check_metrics_file, write_metrics
from audit.reached import reached
from audit.report.terminal import say_where
from audit.run import run_audit
from audit.sizes import most_answer_bytes
from fairness.foreign.model_yaml import read_model_yaml

REPORTS = Path("reports")


def audit(options: Options, console: Console, words: Sequence[str]) -> int:
    """Audit the model asked for, or all that describe themselves; the worst exit code.

    `words` are the command line. All of them are planned before the first is asked.
    """

    def note(text: str) -> None:
        console.print(f"note: {text}", highlight=False, markup=False)

    check_metrics_file(options.metrics_file)
    with reached(options, options.onnx) as server:
        said = read_model_yaml(options.spec) if options.spec is not None else None
        models = [options.model] if options.model else []
        models = [server.name] if isinstance(server, OnnxFile) else models
        models = models or self_described_models(server)
        plans = [
            with_choice(
                options,
                describe(server, model, said, options.version),
                run_folder(options, model, alone=len(models) == 1),
            )
            for model in models
        ]
        codes = set()
        for plan in plans:
            of_probes = plan.probes.note() if plan.probes else None
            for text in filter(None, (*plan.split.notes, of_probes)):
                note(text)
            if options.shard is not None and options.analysis != AnalysisOptions():
                note("flags of the report are checked here; give them to fair-audit merge again")
            parts = [plan] if plan.choice is None else [plan, plan.choice]
            most_bytes = max(most_answer_bytes(part.model, part.split.shapes) for part in parts)
            wanted = (options.transport, options.in_flight, note, options.readers)
            with (
                reached(options, options.onnx, most_bytes) as asked,
                sending(asked, batch_bytes(parts), *wanted) as way,
            ):
                of = (plan.model.name, said, options.version or plan.model.version or None)
                again = partial(describe, asked, *of)
                whole = replace(way, transport=PartsTransport(way.transport, note))
                plan = replace(plan, model=with_engine(asked, plan.model))
                told = looked_up(asked, of[0], of[2]) if options.shard is not None else None
                codes.add(run_audit(plan, whole, again, console, words, told))
            if options.shard is None:
                say_where(plan.out, console)
    if options.metrics_file is not None:
        write_metrics(options.metrics_file, [plan.out for plan in plans])
        console.print(f"metrics: {options.metrics_file}", highlight=False, markup=False)
    return next(code for code in (1, 4, 0) if code in codes)


def run_folder(options: Options, model: str, alone: bool) -> Path:
    """Where the run of `model` is written, or continued; a run that is not there is started."""
    if options.out is not None:
        out = options.out if alone else options.out / model
        return out if options.shard is None else out / options.shard.folder
    begun = sorted(
        folder
        for folder in (REPORTS / model).glob("*")
        if (folder / JOURNAL).exists() or (folder / OF_CHOICE / JOURNAL).exists()
    )
    if options.resume and begun:
        return begun[-1]
    return REPORTS / model / time.strftime("%Y%m%d-%H%M%S")
