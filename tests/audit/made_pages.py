"""Pages that no file of predictions gives: three ways of asking, parity, cases of labels."""

from pathlib import Path

import numpy as np
from rich.console import Console

from audit.analysis import finish
from audit.cases import chapters
from audit.compare.runs import Run
from audit.options import AnalysisOptions
from audit.page.parity import parity_page
from audit.parity.checks import Tolerances
from audit.parity.judged import parity_of
from audit.plan_analysis import AnalysisPlan
from audit.records.cases import picture_of, write_cases
from fairness.arrays import FloatArray
from fairness.attributes import Attribute
from fairness.contract import GroupInput
from fairness.group_input import WITHHELD, as_group
from fairness.outcomes import Answered, Cases, Names
from fairness.statistics.settings import Settings
from fairness.tasks.binary import SCORE, BinaryTask
from fairness.tasks.multilabel import MultilabelTask

RACES, SITES = ("Asian", "Black", "White"), ("north", "south", "east")
QUICK = Settings(replicates=100)


def people(
    n: int, races: tuple[str, ...] = RACES, sites: tuple[str, ...] = SITES, seed: int = 0
) -> tuple[Cases, FloatArray, np.random.Generator]:
    """n people of a race, some unknown, and a site; a logit each, which holds what is true."""
    rng = np.random.default_rng(seed)
    ids = tuple(f"s{i:05}" for i in range(n))
    codes = {"race": rng.integers(-1, len(races), n), "site": rng.integers(0, len(sites), n)}
    attributes = (Attribute("race", races), Attribute("site", sites))
    cases = Cases(ids=ids, patients=ids, attributes=attributes, codes=codes, covariates={})
    return cases, 1.6 * (rng.integers(0, 2, n) - 0.5), rng


def probability(logit: FloatArray) -> FloatArray:
    found: FloatArray = 1 / (1 + np.exp(-logit))
    return found


def three_ways(
    folder: Path,
    n: int = 900,
    races: tuple[str, ...] = RACES,
    sites: tuple[str, ...] = SITES,
    model: str = "fairlora",
    control: str = "site",
) -> Path:
    """`report/report.html` of a model that takes the race, at several sites."""
    cases, truth, rng = people(n, races, sites)
    noisy = truth + rng.normal(size=n)
    moves = np.linspace(-0.8, 0.5, len(races))
    recorded = noisy + np.append(moves, 0.0)[cases.codes["race"]]
    values = {SCORE: probability(recorded), WITHHELD: probability(noisy)}
    values |= {as_group(g): probability(noisy + by) for g, by in zip(races, moves, strict=True)}
    takes = GroupInput(name="group", attribute="race", groups=races, settings={})
    answered = Answered(cases=cases, labels=(truth > 0).astype(np.int64), values=values)
    task, names = BinaryTask(0.5, takes), Names(model, "fairfedmed", "test")
    about = {
        "what_answered": f"{model} version 1 (verified), fairlora, answered by Triton on CPU",
        "model": {"name": model, "identity": "verified", "group_input": "race"},
        "data": {
            "dataset": "fairfedmed", "split": "test", "path": "data", "n": n, "n_skipped": 0,
            "statement": "",
        },
        "threshold": {"value": 0.5, "rule": "fixed", "split": "val", "by_label": {}},
        "finished": "2026-01-01T00:00:00+0000",
    }  # fmt: skip
    options = AnalysisOptions(control=control, settings=QUICK)
    plan = AnalysisPlan(options=options, names=names, task=task, policy=None, baseline=None)
    assert finish(answered, about, plan, folder, Console(quiet=True)) == 0
    return folder / "report" / "report.html"


def parity(
    folder: Path,
    n: int = 900,
    races: tuple[str, ...] = RACES,
    sites: tuple[str, ...] = SITES,
    model: str = "fairlora",
) -> Path:
    """`parity.html` of a served model that moved one race and lost some answers of it."""
    cases, truth, rng = people(n, races, sites)
    logit = truth + rng.normal(size=n)
    of_last = cases.codes["race"] == len(races) - 1
    moved = probability(logit + np.where(of_last, 1.2, 1e-7))
    moved[np.flatnonzero(of_last)[:5]] = np.nan
    reference, served = (
        Run(Path(name), name, BinaryTask(0.5), 0.5, Answered(
            cases=cases, labels=(truth > 0).astype(np.int64), values={SCORE: score}
        ))
        for name, score in ((model, probability(logit)), (f"{model} in fp16", moved))
    )  # fmt: skip
    options = AnalysisOptions(settings=QUICK)
    found = parity_of(reference, served, options, Tolerances(0.001, 0.01, 0.02))
    page = folder / "parity.html"
    page.write_text(parity_page(found))
    return page


def parity_of_labels(folder: Path, labels: tuple[str, ...], n: int = 500) -> Path:
    """`parity.html` of a served model that moved one label of one race."""
    cases, truth, rng = people(n)
    task = MultilabelTask(labels, (0.5,) * len(labels))
    old = {name: probability(truth + rng.normal(size=n)) for name in task.value_names}
    new = dict(old)
    raised = old[task.value_names[-1]] + 0.3 * (cases.codes["race"] == len(RACES) - 1)
    new[task.value_names[-1]] = np.clip(raised, 0, 1)
    target = np.tile((truth > 0).astype(np.int64)[:, None], len(labels))
    reference, served = (
        Run(Path("m"), "m", task, 0.5, Answered(cases=cases, labels=target, values=values))
        for values in (old, new)
    )
    tolerances = Tolerances(0.001, 0.01, 0.02)
    page = folder / "parity.html"
    options = AnalysisOptions(settings=QUICK)
    page.write_text(parity_page(parity_of(reference, served, options, tolerances)))
    return page


def cases_of_labels(
    folder: Path, labels: tuple[str, ...], n: int = 120, races: tuple[str, ...] = RACES
) -> Path:
    """`cases.html` of several labels, with pictures of noise."""
    cases, _, rng = people(n, races)
    task = MultilabelTask(labels, (0.5,) * len(labels))
    values = {name: rng.uniform(size=n) for name in task.value_names}
    answered = Answered(cases=cases, labels=rng.integers(-1, 2, (n, len(labels))), values=values)
    noise = picture_of(rng.integers(0, 256, (48, 64)).astype(np.uint8))
    page = folder / "cases.html"
    write_cases(page, "m on d, test", chapters(task, answered, 3), lambda id_: noise)
    return page
