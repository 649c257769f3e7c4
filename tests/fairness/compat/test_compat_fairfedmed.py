"""The original FairFedMed evaluation against fairlearn and scikit-learn, client by client."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference
from sklearn.metrics import accuracy_score, roc_auc_score

from fairness.arrays import BoolArray
from fairness.attributes import GENDER, RACE, Attribute
from fairness.compat.fairfedmed import AVERAGE, average_odds_difference, compat_fairfedmed
from fairness.outcomes import Outcomes

SITES = Attribute("site", ("1", "2", "3"))


@cache
def cohort() -> Outcomes:
    """400 samples of three sites, the third without any; a tenth of the races is unknown."""
    rng = np.random.default_rng(4)
    n = 400
    y = rng.integers(0, 2, n)
    score = np.round(1 / (1 + np.exp(-(y - 0.5 + rng.normal(size=n)))), 2)  # with ties
    score[:10] = 0.5  # no positive prediction
    return Outcomes(
        ids=tuple(f"s{i:03}" for i in range(n)),
        patients=tuple(f"p{i:03}" for i in range(n)),
        attributes=(RACE, GENDER, SITES),
        codes={
            "race": rng.choice([-1, 0, 1, 2], n, p=[0.1, 0.2, 0.3, 0.4]),
            "gender": rng.integers(0, 2, n),
            "site": rng.integers(0, 2, n),
        },
        covariates={},
        target=y,
        score=score,
    )


def by_libraries(inside: BoolArray, attribute: str) -> dict[str, float]:
    outcomes = cohort()
    y, score = outcomes.target[inside], outcomes.score[inside]
    codes = outcomes.codes[attribute][inside]
    predicted = score > 0.5
    overall = roc_auc_score(y, score)
    groups = [g for g in np.unique(codes) if g >= 0]
    aucs = [roc_auc_score(y[codes == g], score[codes == g]) for g in groups]
    accuracy = accuracy_score(y, predicted)
    # The unknown are a group of their own here, and in the two differences.
    accuracies = [accuracy_score(y[codes == g], predicted[codes == g]) for g in np.unique(codes)]
    return {
        "auc": overall,
        "es_auc": overall / (1 + sum(abs(overall - a) for a in aucs)),
        "es_accuracy": accuracy / (1 + sum(abs(accuracy - a) for a in accuracies)),
        "demographic_parity_difference": demographic_parity_difference(
            y, predicted, sensitive_features=codes
        ),
        "equalized_odds_difference": equalized_odds_difference(
            y, predicted, sensitive_features=codes
        ),
    }


def found(least: int = 0) -> dict[tuple[str, str, str], Any]:
    return {(c.attribute, c.group, c.metric): c for c in compat_fairfedmed(cohort(), least)}


@pytest.mark.parametrize("attribute", ["race", "gender"])
def test_every_client_equals_the_libraries_and_the_average_is_their_plain_mean(
    attribute: str,
) -> None:
    numbers = found()
    site = cohort().codes["site"]
    clients = [by_libraries(site == code, attribute) for code in (0, 1)]
    for client, name in zip(clients, ("1", "2"), strict=True):
        for metric, value in client.items():
            original = numbers[f"{attribute}, site {name}", "all", metric].original
            assert original == pytest.approx(value, abs=1e-12), metric
    for metric in clients[0]:
        mean = (clients[0][metric] + clients[1][metric]) / 2
        assert numbers[attribute, AVERAGE, metric].original == pytest.approx(mean, abs=1e-12)


def test_clients_without_samples_and_the_site_itself_are_left_out() -> None:
    places = {attribute for attribute, _, _ in found()}
    assert places == {"race", "gender"} | {
        f"{attribute}, site {site}" for attribute in ("race", "gender") for site in "12"
    }


def test_without_sites_all_is_one_client() -> None:
    whole = cohort()
    single = Outcomes(**{**vars(whole), "attributes": (RACE,)})
    numbers = {(c.attribute, c.group, c.metric): c.original for c in compat_fairfedmed(single)}
    for metric, value in by_libraries(np.ones(len(whole), dtype=bool), "race").items():
        assert numbers["race, site all", "all", metric] == pytest.approx(value, abs=1e-12)
        assert numbers["race", AVERAGE, metric] == pytest.approx(value, abs=1e-12)


def test_a_client_with_a_small_group_is_hidden_and_so_is_the_mean() -> None:
    codes = cohort().codes
    first = codes["site"] == 0
    asian = int((first & (codes["race"] == 0)).sum())
    others = [int((first & (codes["race"] == code)).sum()) for code in (-1, 1, 2)]
    least = min(asian, *others) + 1
    numbers = found(least)
    assert numbers["race, site 1", "all", "es_auc"].hidden
    assert numbers["race", AVERAGE, "es_auc"].hidden
    assert numbers["race", AVERAGE, "es_auc"].original is None
    assert not numbers["gender", AVERAGE, "es_auc"].hidden


def test_average_odds_of_a_golden_cohort() -> None:
    """18 samples scored by the released code's rule, worked out beforehand."""
    p = "0.91 0.35 0.62 0.48 0.5 0.77 0.12 0.55 0.68 0.3 0.81 0.45 0.52 0.2 0.73 0.4 0.66 0.58"
    predicted = (np.array(p.split(), dtype=float) > 0.5).astype(int)
    y = np.array([1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0])
    race, gender = np.repeat([0, 1, 2], 6), np.tile([0, 1], 9)
    assert average_odds_difference(y, predicted, race) == pytest.approx(0.1579365079)
    assert average_odds_difference(y, predicted, gender) == pytest.approx(0.3333333333)
