"""Which cases of a binary classifier its owner should look at, with their pictures."""

import numpy as np
from rich.console import Console

from audit.plan import Plan
from audit.records.cases import Shown, picture_of, write_cases
from audit.worst import worst_of
from fairness.errors import DataError
from fairness.outcomes import Answered
from fairness.tasks.binary import BinaryTask, outcomes_of

WORST, BORDERLINE = "largest errors", "nearest to the threshold"


def show_cases(plan: Plan, answered: Answered, console: Console) -> None:
    """Write `records/cases.html` of a binary classifier; of others there is none.

    The images are read again from the split.
    """
    k, task = plan.options.worst, plan.task
    if not k or not isinstance(task, BinaryTask):
        return
    outcomes = outcomes_of(answered)
    errors = np.abs(outcomes.target - outcomes.score)
    distances = np.abs(outcomes.score - task.threshold)
    worst, nearest = worst_of(outcomes, -errors, k), worst_of(outcomes, distances, k)
    places = {
        (*place, why): found[place]
        for place in worst
        for why, found in ((WORST, worst), (BORDERLINE, nearest))
    }
    row = {id_: i for i, id_ in enumerate(outcomes.ids)}
    number = {id_: i for i, id_ in enumerate(plan.split.ids)}
    cases = {}
    for id_ in sorted({id_ for ids in places.values() for id_ in ids}):
        truth = "positive" if outcomes.target[row[id_]] else "negative"
        try:
            picture = picture_of(plan.split.read(number[id_]).image)
        except DataError:  # it was scored, and has gone since
            picture = None
        cases[id_] = Shown(f"score {outcomes.score[row[id_]]:.3f}, truth {truth}", picture)
    path = plan.out / "records" / "cases.html"
    title = f"{plan.names.model} on {plan.names.dataset}, {plan.names.split}"
    write_cases(path, f"{title}; positive from {task.threshold:.3f} on", places, cases)
    console.print(f"cases: {path} (private)", highlight=False, markup=False)
