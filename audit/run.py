"""Runs a planned audit: probe, stream, journal, analyse."""

from collections.abc import Iterator

from rich.console import Console

from audit.analysis import finish
from audit.client.predictor import ServedPredictor
from audit.client.probes import verify
from audit.client.transport import Transport
from audit.plan import JOURNAL, Plan
from audit.progress import with_progress
from audit.provenance import of_served_model
from audit.records.journal import Journal
from audit.records.masks import keeping
from audit.records.outcomes import private_folder, write_outcomes, write_skipped
from audit.worst import draw_worst
from fairness.datasets.stream import batches
from fairness.evaluate import Read, Readings, joined, readings
from fairness.samples import Batch


def run_audit(plan: Plan, transport: Transport, console: Console) -> int:
    """Audit one model, write `out/report` and `out/records`; the exit code of its verdict.

    Raises:
        FairAuditError: one line that says what is wrong with the server, the model or the data.
    """
    options, records = plan.options, plan.out / "records"
    identity = "declared"
    if options.probes:
        identity = verify(transport, options.endpoint, plan.model)
    predict = ServedPredictor(transport, options.endpoint, plan.model, options.in_flight)
    found = collect(plan, predict, console)
    answered = joined([found], plan.split, plan.attributes)
    sha256 = plan.split.fingerprint()
    write_outcomes(records / "outcomes.parquet", answered, plan.task.stored, sha256, plan.names)
    write_skipped(records / "skipped.csv", plan.split.skipped)
    provenance = of_served_model(plan, identity, len(found))
    code = finish(answered, provenance, plan.analysis, plan.out, console)
    quality = plan.task.quality(answered)
    if quality is not None and options.worst:
        draw_worst(plan, predict, answered.cases, quality, console)
    return code


def collect(plan: Plan, predict: ServedPredictor, console: Console) -> Readings:
    """Stream what the journal lacks, then read everything back from it."""
    records = private_folder(plan.out / "records")
    read: Read = plan.task.read
    if plan.options.keep_masks:
        read = keeping(read, private_folder(records / "masks"))
    with Journal(plan.out / JOURNAL, plan.identity, resume=plan.options.resume) as journal:
        done = journal.answered()
        if remaining := len(plan.split) - len(done):
            answers = readings(unanswered(plan, done), predict, read)
            for found in with_progress(answers, remaining, plan.model.name, console):
                journal.record(found)
        return journal.readings(plan.task)


def unanswered(plan: Plan, done: set[str]) -> Iterator[Batch]:
    """The batches that lack an answer for any of their samples, whole; no other is decoded.

    Whole batches, because a model may answer differently for another cut in the last digits.
    """
    ids = plan.split.ids
    cuts = (rows for rows in plan.cuts() if not done.issuperset(ids[i] for i in rows))
    for batch in batches(plan.split, cuts):
        if not done.issuperset(batch.ids):  # what lacked an answer may have been skipped
            yield batch
