"""The label can be learned from the painted images, and worse in the hard group."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from fairness.arrays import FloatArray
from fairness.synthetic.fairvlmed import cup_contrast, draw_visits
from fairness.synthetic.fundus import paint
from fairness.synthetic.patients import Visit
from fairness.synthetic.recipe import Recipe

pytestmark = pytest.mark.further

BLACK = 1


def coarse_pixels(visits: list[Visit], recipe: Recipe) -> FloatArray:
    """The central square of each image in 32 x 32 block means, flattened."""
    squares = []
    for visit in visits:
        finding = visit.finding
        rng = np.random.default_rng([recipe.seed, visit.patient.number])
        image = paint(rng, finding.eye, finding.cup_to_disc, cup_contrast(visit.patient, recipe))
        squares.append(image[76:588].reshape(32, 16, 32, 16).mean(axis=(1, 3)).ravel())
    pixels: FloatArray = np.stack(squares) / 255 - 0.25
    return pixels


def test_a_linear_model_learns_the_label_and_serves_the_hard_group_worse() -> None:
    recipe = Recipe(train=240, val=0, test=1500)
    visits = list(draw_visits(recipe))
    train = visits[:240]
    black = [v for v in visits[240:] if v.patient.codes["race"] == BLACK][:90]
    others = [v for v in visits[240:] if v.patient.codes["race"] != BLACK][:90]
    model = LogisticRegression(C=0.05, max_iter=1000)
    model.fit(coarse_pixels(train, recipe), [v.finding.glaucoma for v in train])

    def auc(group: list[Visit]) -> float:
        scores = model.decision_function(coarse_pixels(group, recipe))
        return float(roc_auc_score([v.finding.glaucoma for v in group], scores))

    auc_others, auc_black = auc(others), auc(black)
    assert auc_others > 0.88
    assert 0.55 < auc_black < auc_others - 0.08
