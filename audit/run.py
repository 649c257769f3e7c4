"""Runs a planned audit: probe, stream, journal, probe again, analyse."""

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from rich.console import Console

from audit.audited_split import fits_when_read
from audit.cases import show_cases
from audit.choice import at_threshold
from audit.client.endpoint import Found, ServedModel
from audit.client.failures import ReplacedError, WrongModelError
from audit.client.patience import Patience
from audit.client.predictor import ServedPredictor
from audit.client.replicas import Replicas
from audit.client.sending import Sending
from audit.client.watch import Watched, WatchedTransport
from audit.collect import collect
from audit.conclude import conclude
from audit.out_folder import REPLACED
from audit.partial import RESUME, interrupted
from audit.plan import JOURNAL, Plan
from audit.proof import Asking, identity, prove_same
from audit.provenance import Speed, of_served_model
from audit.records.lock import locked
from audit.records.outcomes import private_folder
from audit.records.sameness import digest_of_ids
from audit.sharded import conclude_shard
from audit.threshold import ChosenThreshold, choose_each, write_threshold
from audit.worst import draw_worst
from fairness.atomic import write_atomically
from fairness.decided import decided
from fairness.errors import (
    DataError,
    RunInterruptedError,
    RunTerminatedError,
    ServerError,
    UsageError,
)
from fairness.evaluate import Readings, joined
from fairness.guard import Terminated
from fairness.tasks.binary import outcomes_of
from fairness.tasks.multilabel import labels_of


def run_audit(
    plan: Plan,
    sending: Sending,
    described: Callable[[], ServedModel],
    console: Console,
    words: Sequence[str] = (),
    told: Found | None = None,
) -> int:
    """Audit one model, write `out/report` and `out/records`; the exit code of its verdict.

    Args:
        plan: of the audit.
        sending: what sends batches to the server, and what they are read into.
        described: asks the server again what it says of the model.
        console: for progress and results.
        words: the command line, for the provenance.
        told: what the server said of the model, where a shard is audited.

    Raises:
        FairAuditError: one line that says what is wrong with the server, the model or the data.
    """
    options = plan.options
    watched: Watched = (
        sending.transport
        if isinstance(sending.transport, Replicas)
        else WatchedTransport(sending.transport, options.endpoint, plan.model)
    )
    patience = Patience(options.retry_for, noting(console))

    def asking_about(part: Plan) -> Asking:
        predict = ServedPredictor(
            watched,
            options.endpoint,
            part.model,
            sending.window,
            fitted=fits_when_read(part.options, part.model),
            buffers=sending.buffers,
        )
        return Asking(part, watched, predict, patience, described)

    asking = asking_about(plan)
    with advising(plan):
        proved = identity(asking)  # who does not answer at the beginning is not waited for
    with locked(plan.out):
        if plan.choice is not None:
            chosen = chosen_threshold(plan, asking_about(plan.choice), console)
            asking = replace(asking, plan=at_threshold(plan, chosen))
        with advising(plan):
            return audited(asking, proved, console, words, told)


def audited(
    asking: Asking, proved: str, console: Console, words: Sequence[str], told: Found | None = None
) -> int:
    """Stream the split, analyse the answers and write everything; arguments as `run_audit`."""
    plan = asking.plan
    try:
        found, speed = answers_of_one_model(asking, console)
    except KeyboardInterrupt as stop:
        raise interrupted(plan, stop, proved, words, console) from None
    uncounted = asking.watched.uncounted
    if told is not None:
        return conclude_shard(plan, found, told, speed, (proved, uncounted), words, console)
    facts = (proved, len(found), speed, words, uncounted)
    code, answered = conclude(plan, found, lambda: of_served_model(plan, *facts), console)
    quality = plan.task.quality(answered)
    if quality is not None and plan.options.worst:
        asking.patience.through(
            lambda: draw_worst(plan, asking.predict, answered.cases, quality, console),
            lambda: prove_same(asking, found, ()),
        )
    show_cases(plan, answered, console)
    return code


def noting(console: Console) -> Callable[[str], None]:
    """What prints a line beside the results."""
    return lambda text: console.print(f"note: {text}", highlight=False, markup=False)


def chosen_threshold(plan: Plan, asking: Asking, console: Console) -> ChosenThreshold:
    """Stream the split of `asking`, choose by its answers, and write `records/threshold.json`.

    Raises:
        DataError: the samples that could be read are all positive or all negative, of a label.
    """
    choice, rule = asking.plan, plan.options.threshold or ""
    records = private_folder(plan.out / "records")
    private_folder(choice.out)
    with advising(choice):
        found, _ = answers_of_one_model(asking, console)
        answered = joined([found], choice.split, choice.attributes)
        labels = choice.task.names if choice.task.of_labels else ()
        try:
            values = choose_each(decided(answered), labels, rule)
        except UsageError as error:
            raise DataError(
                f"{choice.split.root}: of the readable samples of the {choice.names.split} split "
                f"{error}; name another split"
            ) from None
        truth = (
            labels_of(answered, len(labels)) if labels else outcomes_of(answered).target
        )  # ties, too
        chosen = ChosenThreshold(
            value=next(iter(values.values())),
            by_label={label: value for label, value in values.items() if label},
            rule=rule,
            split=choice.names.split,
            split_sha256=choice.split.fingerprint(),
            cases_sha256=(digest_of_ids(answered.cases.ids, truth),),
        )
    path = records / "threshold.json"
    write_threshold(path, chosen, private=True)
    each = ", ".join(f"{label} {value:.6g}".strip() for label, value in values.items())
    said = f"threshold {each} by {rule} on {len(found)} samples of the {chosen.split}"
    console.print(f"{said} split, written to {path}", highlight=False, markup=False)
    return chosen


def answers_of_one_model(asking: Asking, console: Console) -> tuple[Readings, Speed]:
    """What was answered, by the model that answered first, and how fast.

    Raises:
        ReplacedError: the model was replaced meanwhile; the run can then not be resumed.
    """
    out = asking.plan.out
    try:
        return collect(asking, console)
    except ReplacedError as error:
        write_atomically(out / REPLACED, f"{error}\n", private=True)
        raise ReplacedError(
            f"{error}. The answers stay in {out / JOURNAL}, but may be of more than one "
            "model: audit it anew, without --resume"
        ) from None


@contextmanager
def advising(plan: Plan) -> Iterator[None]:
    """Add to an error that the run can be continued, where there is one that can.

    Raises:
        ServerError: with the advice.
        DataError: the disk is full.
        RunInterruptedError: Ctrl-C.
    """
    try:
        yield
    except WrongModelError:
        raise
    except ServerError as error:
        if not (plan.out / JOURNAL).exists():
            raise
        raise ServerError(f"{error}; after that {RESUME}") from None
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT) or not (plan.out / JOURNAL).exists():
            raise
        where = error.filename or plan.out
        raise DataError(f"{where}: {error.strerror}; free some space, then {RESUME}") from None
    except KeyboardInterrupt as stop:
        if not (plan.out / JOURNAL).exists():
            raise
        kind = RunTerminatedError if isinstance(stop, Terminated) else RunInterruptedError
        raise kind(f"interrupted; {RESUME}") from None
