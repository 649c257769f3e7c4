import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from audit.design.design import design_of
from audit.design.draws import Frame
from audit.design.truth import binormal
from fairness.errors import UsageError


@pytest.mark.parametrize(
    ("auc", "tpr", "fpr"),
    [
        (0.85, None, None),
        (0.85, 0.8, None),
        (0.85, None, 0.1),
        (None, 0.8, 0.3),
        (0.83, 0.8, 0.3),
        (0.78, 0.6, 0.1),
    ],
)
def test_normal_scores_have_the_stated_numbers(
    auc: float | None, tpr: float | None, fpr: float | None
) -> None:
    found = binormal(auc, tpr, fpr)
    stated = {"auc": auc, "tpr": tpr, "fpr": fpr}
    for name, value in stated.items():
        assert value is None or getattr(found, name) == pytest.approx(value, abs=1e-9)


def test_of_two_rates_the_auc_is_that_of_equal_spread() -> None:
    found = binormal(None, 0.8, 0.3)
    assert found.auc == pytest.approx(norm.cdf((norm.ppf(0.8) - norm.ppf(0.3)) / np.sqrt(2)))


def test_an_auc_alone_puts_the_threshold_in_the_middle() -> None:
    found = binormal(0.85, None, None)
    assert found.tpr == pytest.approx(1 - found.fpr)


@pytest.mark.parametrize(
    ("auc", "tpr", "fpr"), [(None, None, None), (None, 0.8, None), (0.6, 0.99, 0.01)]
)
def test_what_cannot_be_is_refused(auc: float | None, tpr: float | None, fpr: float | None) -> None:
    with pytest.raises(UsageError):
        binormal(auc, tpr, fpr)


def test_drawn_scores_have_the_stated_numbers() -> None:
    design = design_of(
        {
            "prevalence": 0.3,
            "groups": [
                {"of": {"race": "a"}, "n": 60_000, "auc": 0.85, "tpr": 0.8},
                {"of": {"race": "b"}, "n": 60_000, "auc": 0.78, "tpr": 0.6, "fpr": 0.1},
            ],
        },
        "here",
    )
    y, score = Frame.of(design).classified(np.random.default_rng(0))
    for rows, auc, tpr in ((slice(0, 60_000), 0.85, 0.8), (slice(60_000, None), 0.78, 0.6)):
        truth, s = y[rows], score[rows]
        assert truth.mean() == pytest.approx(0.3, abs=0.01)
        assert roc_auc_score(truth, s) == pytest.approx(auc, abs=0.01)
        assert (s[truth == 1] >= 0).mean() == pytest.approx(tpr, abs=0.01)


def test_drawn_masks_have_the_stated_mean_and_spread() -> None:
    spread = {"rim_dice": {"mean": 0.85, "sd": 0.08}}
    design = design_of({"scores": spread, "groups": [{"of": {"race": "a"}, "n": 50_000}]}, "here")
    found = Frame.of(design).of_masks(np.random.default_rng(0))["rim_dice"]
    assert (found.mean(), found.std()) == pytest.approx((0.85, 0.08), abs=0.003)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"groups": [{"of": {"race": "a"}, "n": 9, "auc": 0.8}]}, "prevalence is not stated"),
        ({"groups": [{"of": {"race": "a"}, "n": 9, "prevalence": 0.2}]}, "state auc"),
        ({"auc": 0.8, "prevalence": 0.2, "groups": [{"of": {"race": "all"}, "n": 9}]}, "no name"),
        (
            {"auc": 0.8, "prevalence": 0.2, "groups": [{"of": {"race": "a"}, "n": 9}] * 2},
            "there twice",
        ),
        (
            {
                "auc": 0.8,
                "prevalence": 0.2,
                "groups": [{"of": {"race": "a"}, "n": 9}, {"of": {"sex": "a"}, "n": 9}],
            },
            "every group names",
        ),
        ({"auc": 1.0, "prevalence": 0.2, "groups": [{"of": {"race": "a"}, "n": 9}]}, "auc"),
        ({"groups": [{"of": {"race": "a"}, "n": 9, "power": 1}]}, "power"),
        (
            {
                "scores": {"rim_dice": {"mean": 0.9, "sd": 0.4}},
                "groups": [{"of": {"a": "b"}, "n": 9}],
            },
            "too large",
        ),
    ],
)
def test_a_design_that_contradicts_itself_is_refused(content: object, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        design_of(content, "here")
