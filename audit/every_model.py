"""An audit of the model asked for, or of every model of a server that describes itself."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from audit.choice import OF_CHOICE, with_choice
from audit.client.endpoint import describe, looked_up, self_described_models
from audit.client.onnx_file import OnnxFile
from audit.options import AnalysisOptions, Options
from audit.plan import JOURNAL
from audit.prometheus import check_metrics_file, write_metrics
from audit.reached import reached
from audit.report.terminal import say_where
from audit.run import run_audit
from audit.several_servers import check_alike, servers_asked
from audit.way_to_model import way_to_model
from fairness.foreign.model_yaml import read_model_yaml

REPORTS = Path("reports")


def audit(options: Options, console: Console, words: Sequence[str]) -> int:
    """Audit the model asked for, or all that describe themselves; the worst exit code.

    `words` are the command line. All of them are planned before the first is asked.
    """

    def note(text: str) -> None:
        console.print(f"note: {text}", highlight=False, markup=False)

    check_metrics_file(options.metrics_file)
    servers = (options.connection,) if options.onnx else servers_asked(options, note)
    with reached(replace(options, connection=servers[0]), options.onnx) as server:
        said = read_model_yaml(options.spec) if options.spec is not None else None
        models = [options.model] if options.model else []
        models = [server.name] if isinstance(server, OnnxFile) else models
        models = models or self_described_models(server)
        found = [describe(server, name, said, options.version) for name in models]
        for model in found:
            check_alike(model, servers, said, options.version)
        plans = [
            with_choice(options, model, run_folder(options, model.name, alone=len(models) == 1))
            for model in found
        ]
        codes = set()
        for plan in plans:
            of_probes = plan.probes.note() if plan.probes else None
            for text in filter(None, (*plan.split.notes, of_probes)):
                note(text)
            if options.shard is not None and options.analysis != AnalysisOptions():
                note("flags of the report are checked here; give them to fair-audit merge again")
            parts = [plan] if plan.choice is None else [plan, plan.choice]
            with way_to_model(parts, servers, said, note) as way:
                plan = replace(plan, model=way.model)
                of = (plan.model.name, options.version or plan.model.version or None)
                told = looked_up(way.server, *of) if options.shard is not None else None
                codes.add(run_audit(plan, way.sending, way.described, console, words, told))
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
