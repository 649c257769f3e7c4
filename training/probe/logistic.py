"""FairCLIP's second, simpler probe: penalised logistic regression on features as they are."""

import numpy as np
import torch
from scipy import optimize, special

from fairness.arrays import FloatArray, IntArray
from fairness.errors import DataError
from training.models.head import LogisticHead
from training.probe.features import FeatureArray

ITERATIONS = 5000


def fit_logistic(features: FeatureArray, labels: IntArray, c: float) -> LogisticHead:
    """The head that minimises |w|^2 / 2 + c * sum of the losses; the intercept is not penalised.

    Args:
        features: (n, D).
        labels: (n,) of 0 and 1.
        c: inverse of the penalty, as scikit-learn's `C`.

    Raises:
        DataError: no minimum was found.
    """
    x, sign = features.astype(np.float64), 2.0 * labels - 1

    def loss_and_slope(weights: FloatArray) -> tuple[float, FloatArray]:
        margins = sign * (x @ weights[:-1] + weights[-1])
        pull = -c * sign * special.expit(-margins)
        loss = weights[:-1] @ weights[:-1] / 2 + c * np.logaddexp(0, -margins).sum()
        return float(loss), np.append(weights[:-1] + x.T @ pull, pull.sum())

    start = np.zeros(x.shape[1] + 1)
    found = optimize.minimize(
        loss_and_slope,
        start,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": ITERATIONS, "maxfun": 2 * ITERATIONS, "ftol": 1e-12, "gtol": 1e-6},
    )
    if not found.success:
        raise DataError(
            f"the logistic probe found no minimum ({found.message}); choose another --c"
        )
    head = LogisticHead(x.shape[1])
    with torch.no_grad():
        head.linear.weight.copy_(torch.from_numpy(found.x[None, :-1]))
        head.linear.bias.copy_(torch.from_numpy(found.x[-1:]))
    return head
