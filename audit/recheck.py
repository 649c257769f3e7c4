"""Asks again, before a run is continued, for some of what its journal holds.

Probes say what answers now; this says whether it is what answered then, up to the last answer
before the run broke off.
"""

import numpy as np

from audit.client.failures import WrongModelError
from audit.client.predictor import ServedPredictor
from audit.plan import Plan
from fairness.datasets.stream import batches
from fairness.evaluate import Readings, readings
from fairness.mask_names import is_distance

BATCHES = 6
"""So many are asked again: the first, the last, and others between them."""

ROUNDING = 1e-6
"""Of a probability in float32, generously."""

LARGEST_MEAN_DIFFERENCE = 0.02
"""Of scores within 0 and 1, over a batch. One model differs by rounding alone, on a mask by some
pixels at its edges."""


def recheck(plan: Plan, predict: ServedPredictor, journal: Readings) -> None:
    """Compare some answers of the journal with what the server answers now.

    Args:
        plan: of the run that is continued.
        predict: asks the server.
        journal: everything that was recorded.

    Raises:
        WrongModelError: the journal's are of another model.
    """
    row = {id_: i for i, id_ in enumerate(journal.ids)}
    ids = plan.split.ids
    known = [rows for rows in plan.cuts() if all(ids[i] in row for i in rows)]
    chosen = sorted({int(i) for i in np.linspace(0, len(known) - 1, BATCHES)}) if known else []
    stream = batches(plan.split, [known[i] for i in chosen])
    for now in readings(stream, predict, plan.task.read):
        rows = [row[id_] for id_ in now.ids]
        for name, found in now.values.items():
            if is_distance(name):
                continue  # one pixel at an edge may move it far
            before = journal.values[name][rows]
            away = np.abs(np.nan_to_num(found) - np.nan_to_num(before)).mean()
            if not away <= tolerance(plan):
                raise WrongModelError(
                    f"cannot resume {plan.out}: for samples {now.ids[0]}..{now.ids[-1]} "
                    f"'{plan.model.name}' answers {name} differently now, by {away:.2g} on "
                    "average: the journal is of another model; serve that one again, or audit this "
                    "one anew into another --out, without --resume"
                )


def tolerance(plan: Plan) -> float:
    """Of the mean difference between two answers to one batch: as the probes', where there are."""
    probes = plan.model.spec.probes
    if probes is None or plan.task.answers_masks:
        return LARGEST_MEAN_DIFFERENCE
    return max(probes.tolerance, ROUNDING)
