"""The released FairFedMed evaluation, defects included, for comparison with our numbers.

Every client is evaluated alone, and the averages over clients are plain means of their numbers. A
score above 0.5 is a positive prediction. Samples of unknown group are left out of AUCs, but count
as a group of their own in accuracies, selection and error rates (FairFedMed, IEEE TMI 2025;
docs/metrics.md).
"""

import numpy as np

from fairness.arrays import IntArray
from fairness.attributes import ALL, UNKNOWN
from fairness.compat.compared import Compared, compared
from fairness.groups import plain
from fairness.metrics import classification
from fairness.metrics import disparity as d
from fairness.outcomes import Outcomes
from fairness.suppression import hidden_of

SITE = "site"
AVERAGE = "mean of clients"


def compat_fairfedmed(outcomes: Outcomes, least: int = 0) -> list[Compared]:
    """AUC, ES-AUC, ES-ACC, SPD, EOD, AOD of each client and attribute, their means over clients.

    There is one client where no site is recorded. Numbers of fewer than `least` people are hidden.
    """
    clients = {ALL: outcomes}
    for site in (a for a in outcomes.attributes if a.name == SITE):
        of_sites = [outcomes.take(outcomes.codes[SITE] == code) for code in range(len(site.groups))]
        clients = {name: c for name, c in zip(site.groups, of_sites, strict=True) if len(c)}
    found: list[Compared] = []
    for attribute in outcomes.attributes:
        if attribute.name == SITE:
            continue
        tables, hidden = [], False
        for name, client in clients.items():
            patients = np.array(client.patients)
            groups = plain(attribute, client.codes[attribute.name])
            few = bool(hidden_of(groups, patients, least, client.target))
            hidden = hidden or few
            tables.append(numbers(client, attribute.name))
            found += compared(f"{attribute.name}, {SITE} {name}", ALL, tables[-1], few)
        means = {m: float(np.mean([table[m] for table in tables])) for m in tables[0]}
        found += compared(attribute.name, AVERAGE, means, hidden)
    return found


def numbers(client: Outcomes, attribute: str) -> dict[str, float]:
    """The original's numbers of one client and one attribute; NaN where undefined."""
    y, score, codes = client.target, client.score, client.codes[attribute]
    predicted = (score > 0.5).astype(np.int64)
    counted = np.unique(codes)  # with the unknown, a group of its own
    places = np.searchsorted(counted, codes)
    aucs = d.by_group(classification.auc, places, len(counted), y, score)[counted != UNKNOWN]
    auc, accuracy = classification.auc(y, score), classification.accuracy(y, predicted)
    accuracies = d.by_group(classification.accuracy, places, len(counted), y, predicted)
    return {
        "auc": auc,
        "es_auc": d.equity_scaled(auc, aucs, compat=True),
        "es_accuracy": d.equity_scaled(accuracy, accuracies, compat=True),
        "demographic_parity_difference": d.demographic_parity_difference(y, predicted, places),
        "equalized_odds_difference": d.equalized_odds_difference(y, predicted, places, compat=True),
        "average_odds_difference": average_odds_difference(y, predicted, places),
    }


def average_odds_difference(y: IntArray, predicted: IntArray, places: IntArray) -> float:
    """Mean over the groups of |difference in FPR + difference in TPR| / 2 from all other samples.

    An undefined rate counts as 0. `y`, `predicted` (n,) are 0 or 1, `places` (n,) the groups.
    """
    apart = []
    for group in np.unique(places):
        inside = places == group
        rates = (classification.true_positive_rate, classification.false_positive_rate)
        of_both = [
            np.nan_to_num(rate(y[~inside], predicted[~inside]))
            - np.nan_to_num(rate(y[inside], predicted[inside]))
            for rate in rates
        ]
        apart.append(abs(sum(of_both)) / 2)
    return float(np.mean(apart))
