"""Asks again, before a run is continued, for some of what its journal holds.

Probes say what answers now; this says whether it is what answered then, up to the last answer
before the run broke off.
"""

from collections.abc import Collection

import numpy as np

from audit.client.failures import WrongModelError
from audit.client.predictor import ServedPredictor
from audit.plan import Plan
from fairness.arrays import IntArray
from fairness.datasets.stream import batches
from fairness.evaluate import Read, Readings, readings
from fairness.mask_names import is_distance

BATCHES = 6
"""So many are asked again: the first, the last, and others between them."""

ROUNDING = 1e-6
"""Of a probability in float32, generously."""

LARGEST_MEAN_DIFFERENCE = 0.02
"""Of scores within 0 and 1, over a batch. One model differs by rounding alone, on a mask by some
pixels at its edges."""


def recheck(
    plan: Plan,
    predict: ServedPredictor,
    journal: Readings,
    recent: Collection[str] = (),
    read: Read | None = None,
) -> None:
    """Compare some answers of the journal with what the server answers now.

    Args:
        plan: of the run that is continued.
        predict: asks the server.
        journal: everything that was recorded.
        recent: ids of which every batch is asked again.
        read: reads the answers; None: as the task reads them.

    Raises:
        WrongModelError: the journal's are of another model.
    """
    if found := changed(plan, predict, journal, recent, read):
        raise WrongModelError(
            f"{found}: the journal is of another model; serve that one again, or audit this one "
            "anew into another --out, without --resume"
        )


def changed(
    plan: Plan,
    predict: ServedPredictor,
    journal: Readings,
    recent: Collection[str] = (),
    read: Read | None = None,
) -> str:
    """Which answers are others now, in words; empty where none is. Arguments as `recheck`."""
    row = {id_: i for i, id_ in enumerate(journal.ids)}
    stream = batches(plan.split, chosen_cuts(plan, row.keys(), set(recent)))
    for now in readings(stream, predict, read or plan.task.read):
        known = [i for i, id_ in enumerate(now.ids) if id_ in row]  # a file may be there again
        rows = [row[now.ids[i]] for i in known]
        for name, answers in now.values.items():
            if is_distance(name) or not known:
                continue  # one pixel at an edge may move it far
            found, before = answers[known], journal.values[name][rows]
            away = np.abs(np.nan_to_num(found) - np.nan_to_num(before)).mean()
            if not away <= tolerance(plan):
                return (
                    f"for samples {now.ids[0]}..{now.ids[-1]} '{plan.model.name}' answers {name} "
                    f"differently now, by {away:.2g} on average"
                )
    return ""


def chosen_cuts(plan: Plan, answered: Collection[str], recent: set[str]) -> list[IntArray]:
    """Some of the batches that are answered as a whole, and all that hold any of `recent`."""
    ids, cuts = plan.split.ids, plan.cuts()
    whole = [k for k, rows in enumerate(cuts) if all(ids[i] in answered for i in rows)]
    spread = {int(i) for i in np.linspace(0, len(whole) - 1, BATCHES)} if whole else set()
    last = [k for k, rows in enumerate(cuts) if any(ids[i] in recent for i in rows)]
    return [cuts[k] for k in sorted({*(whole[i] for i in spread), *last})]


def tolerance(plan: Plan) -> float:
    """Of the mean difference between two answers to one batch: as the probes', where there are."""
    probes = plan.model.spec.probes
    if probes is None or plan.task.answers_masks:
        return LARGEST_MEAN_DIFFERENCE
    return max(probes.tolerance, ROUNDING)
