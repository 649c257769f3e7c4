"""Runs a planned audit: probe, stream, journal, probe again, analyse."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic

from rich.console import Console

from audit.analysis import finish
from audit.audited_split import fits_when_read
from audit.cases import show_cases
from audit.choice import at_threshold
from audit.client.failures import ReplacedError, WrongModelError
from audit.client.predictor import ServedPredictor
from audit.client.probes import verify
from audit.client.transport import Transport
from audit.client.watch import WatchedTransport
from audit.plan import JOURNAL, REPLACED, Plan
from audit.progress import with_progress
from audit.provenance import Speed, of_served_model
from audit.reading import giving_back, held, kept_images, unanswered
from audit.recheck import recheck
from audit.records.journal import Journal
from audit.records.masks import keeping
from audit.records.outcomes import private_folder, write_outcomes, write_skipped
from audit.records.sameness import digest_of_ids
from audit.sample_probes import verify_samples
from audit.threshold import ChosenThreshold, choose_each, write_threshold
from audit.worst import draw_worst
from fairness.atomic import write_atomically
from fairness.datasets.buffers import Buffers
from fairness.errors import DataError, RunInterruptedError, ServerError, UsageError
from fairness.evaluate import Read, Readings, joined, readings
from fairness.tasks.binary import outcomes_of
from fairness.tasks.multilabel import labels_of


def run_audit(plan: Plan, transport: Transport, console: Console, words: Sequence[str] = ()) -> int:
    """Audit one model, write `out/report` and `out/records`; the exit code of its verdict.

    `words` are the command line, for the provenance.

    Raises:
        FairAuditError: one line that says what is wrong with the server, the model or the data.
    """
    options, records = plan.options, plan.out / "records"
    watched = WatchedTransport(transport, options.endpoint, plan.model)
    if plan.choice is not None:
        plan = at_threshold(plan, chosen_threshold(plan, plan.choice, watched, console))
    predict = asking(plan, watched)
    with advising(plan):
        identity, found, speed = answers_of_one_model(plan, watched, predict, console)
        answered = joined([found], plan.split, plan.attributes)
        sha256 = plan.split.fingerprint()
        stored = (plan.task.stored, sha256, plan.names, plan.task)
        write_outcomes(records / "outcomes.parquet", answered, *stored)
        write_skipped(records / "skipped.csv", plan.split.skipped)
        facts = (identity, len(found), speed, words, watched.uncounted)
        provenance = of_served_model(plan, *facts)
        code = finish(answered, provenance, plan.analysis, plan.out, console)
        quality = plan.task.quality(answered)
        if quality is not None and options.worst:
            draw_worst(plan, predict, answered.cases, quality, console)
        show_cases(plan, answered, console)
    return code


def asking(plan: Plan, watched: WatchedTransport) -> ServedPredictor:
    """What asks the server about the split of a plan."""
    options = plan.options
    fitted = fits_when_read(options, plan.model)
    return ServedPredictor(watched, options.endpoint, plan.model, options.in_flight, fitted=fitted)


def chosen_threshold(
    plan: Plan, choice: Plan, watched: WatchedTransport, console: Console
) -> ChosenThreshold:
    """Stream the split of `choice`, choose by its answers, and write `records/threshold.json`.

    Raises:
        DataError: the samples that could be read are all positive or all negative, of a label.
    """
    rule = plan.options.threshold or ""
    records = private_folder(plan.out / "records")
    private_folder(choice.out)
    with advising(choice):
        _, found, _ = answers_of_one_model(choice, watched, asking(choice, watched), console)
        answered = joined([found], choice.split, choice.attributes)
        labels = choice.task.names if choice.task.of_labels else ()
        try:
            values = choose_each(answered, labels, rule)
        except UsageError as error:
            raise DataError(
                f"{choice.split.root}: of the readable samples of the {choice.names.split} split "
                f"{error}; name another split"
            ) from None
        truth = labels_of(answered, len(labels)) if labels else outcomes_of(answered).target
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


def answers_of_one_model(
    plan: Plan, watched: WatchedTransport, predict: ServedPredictor, console: Console
) -> tuple[str, Readings, Speed]:
    """What was proved of the model, before and after, what it answered in between, and how fast.

    Raises:
        ReplacedError: the model was replaced meanwhile; the run can then not be resumed.
    """

    def identity() -> str:
        if not plan.options.probes:
            return "declared"
        said = verify(watched, plan.options.endpoint, plan.model)
        if plan.probes is not None and plan.probes.rows:
            return verify_samples(plan.probes, plan.split, predict)
        return said

    proved = identity()
    sent = watched.sent
    try:
        found, speed = collect(plan, predict, console)
        if watched.sent > sent:
            watched.look()
            try:
                identity()
            except WrongModelError as error:
                raise ReplacedError(f"while it answered, another took its place: {error}") from None
            watched.look()
    except ReplacedError as error:
        write_atomically(plan.out / REPLACED, f"{error}\n", private=True)
        raise ReplacedError(
            f"{error}. The answers stay in {plan.out / JOURNAL}, but may be of more than one "
            "model: audit it anew, without --resume"
        ) from None
    return proved, found, speed


@contextmanager
def advising(plan: Plan) -> Iterator[None]:
    """Add to an error that the run can be continued, where there is one that can.

    Raises:
        ServerError: with the advice.
        RunInterruptedError: Ctrl-C.
    """
    try:
        yield
    except WrongModelError:
        raise
    except ServerError as error:
        if not (plan.out / JOURNAL).exists():
            raise
        raise ServerError(f"{error}; after that go on with the same command and --resume") from None
    except KeyboardInterrupt:
        if not (plan.out / JOURNAL).exists():
            raise
        raise RunInterruptedError("interrupted; go on with the same command and --resume") from None


def collect(
    plan: Plan, predict: ServedPredictor, console: Console, buffers: Buffers | None = None
) -> tuple[Readings, Speed]:
    """Stream what the journal lacks, then read everything back from it; how fast it streamed.

    Images are read into `buffers`, to which the predictor gives them back; None: into some of this
    run's own.
    """
    records = private_folder(plan.out / "records")
    read: Read = plan.task.read
    if plan.options.keep_masks:
        read = keeping(read, private_folder(records / "masks"))
    with Journal(plan.out / JOURNAL, plan.identity, resume=plan.options.resume) as journal:
        done = journal.answered()
        if done:
            recheck(plan, predict, journal.readings(plan.task))
        started, images = monotonic(), 0
        if remaining := len(plan.split) - len(done):
            with held(plan, buffers) as memory, kept_images(plan.options, console) as cache:
                asked = predict if buffers is not None else giving_back(predict, memory)
                answers = readings(unanswered(plan, done, memory, cache), asked, read)
                for found in with_progress(answers, remaining, plan.model.name, console):
                    journal.record(found)
                    images += len(found)
        speed = Speed(images, monotonic() - started)
        return journal.readings(plan.task), speed
