"""docs/comparison.md: its tables agree with each other, and fairlearn's column with fairlearn."""

import importlib.metadata
import inspect
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fairlearn import adversarial, metrics, postprocessing, reductions
from sklearn.metrics import cohen_kappa_score, roc_auc_score

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "comparison.md").read_text()
MARKS = {"yes", "part", "own", "no", "?"}


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, its head first."""
    part = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|") and "|---" not in line]
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]


def matrix() -> dict[str, dict[str, str]]:
    """Feature to tool to mark."""
    head, *body = rows("At a glance")
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in body}


def evidence() -> dict[str, tuple[str, str]]:
    """Feature to where it is here, and where elsewhere."""
    return {row[0]: (row[1], row[2]) for row in rows("Where each mark can be checked")[1:]}


def test_every_mark_that_is_no_no_says_where_it_can_be_checked() -> None:
    found = evidence()
    assert list(matrix()) == list(found)
    for feature, marks in matrix().items():
        assert set(marks.values()) <= MARKS, feature
        ours, others = found[feature]
        assert (marks.pop("ours") == "no") == (ours == ""), feature
        named = {tool for tool in marks if re.search(rf"\b{tool}:|\b{tool} counts", others)}
        marked = {tool for tool, mark in marks.items() if mark not in ("no", "?")}
        assert marked <= named, feature


def test_every_file_of_ours_exists() -> None:
    named = re.findall(r"`((?:fairness|audit|training)/[\w/.]+)`", PAGE)
    assert len(named) > 20
    assert [path for path in named if not (ROOT / path).is_file()] == []


Y = np.array([0, 1, 0, 1, 1, 0, 1, 0])
SCORE = np.array([0.1, 0.9, 0.6, 0.7, 0.2, 0.3, 0.8, 0.4])
GROUPS = np.array(list("aaaabbbb"))


def measured(metric: Callable[..., float]) -> bool:
    """Whether `MetricFrame` takes any function, and measures it by group."""
    frame = metrics.MetricFrame(
        metrics=metric, y_true=Y, y_pred=SCORE, sensitive_features={"group": GROUPS}
    )
    return set(frame.by_group.index) == {"a", "b"}


def intersections() -> bool:
    features = {"one": GROUPS, "two": np.array(list("ccddccdd"))}
    frame = metrics.MetricFrame(
        metrics=metrics.count, y_true=Y, y_pred=Y, sensitive_features=features
    )
    return len(frame.by_group) == 4


def controlled() -> bool:
    frame = metrics.MetricFrame(
        metrics=metrics.count, y_true=Y, y_pred=Y, sensitive_features={"group": GROUPS},
        control_features={"site": np.array(list("ccddccdd"))},
    )  # fmt: skip
    return len(frame.difference()) == 2


def bootstrapped() -> bool:
    frame = metrics.MetricFrame(
        metrics=metrics.selection_rate, y_true=Y, y_pred=Y, sensitive_features={"group": GROUPS},
        n_boot=10, ci_quantiles=[0.025, 0.975], random_state=0,
    )  # fmt: skip
    return len(frame.by_group_ci) == len(frame.difference_ci()) == 2


HAS: dict[str, Callable[[], bool]] = {
    "error rates by group": lambda: measured(
        lambda y, p: metrics.true_positive_rate(y, (p > 0.5).astype(int))
    ),
    "AUC by group": lambda: measured(roc_auc_score) and hasattr(metrics, "roc_auc_score_group_min"),
    "weighted kappa by group": lambda: measured(
        lambda y, p: cohen_kappa_score(y, p > 0.5, weights="quadratic")
    ),
    "intersections": intersections,
    "control features": controlled,
    "intervals by group": bootstrapped,
    "interval or test of a gap": bootstrapped,
    "two models, paired": lambda: hasattr(metrics, "plot_model_comparison"),
    "mitigation in training": lambda: (
        hasattr(reductions, "ExponentiatedGradient")
        and hasattr(adversarial, "AdversarialFairnessClassifier")
    ),
    "mitigation after training": lambda: hasattr(postprocessing, "ThresholdOptimizer"),
}
OWN = ("Dice of masks by group", "HD95, cup-to-disc error", "calibration by group",
       "net benefit by group")  # fmt: skip


def test_the_column_of_fairlearn_is_that_of_the_version_it_names() -> None:
    version = importlib.metadata.version("fairlearn")
    assert f"fairlearn {version};" in PAGE or f"fairlearn {version} |" in PAGE
    marked = {feature for feature, marks in matrix().items() if marks["FL"] not in ("no", "?")}
    assert marked == {*HAS, *OWN}


@pytest.mark.parametrize("feature", HAS)
def test_fairlearn_has_what_its_column_says(feature: str) -> None:
    assert HAS[feature]()


def test_fairlearn_has_none_of_what_its_column_denies() -> None:
    public = set(metrics.__all__)
    options = set(inspect.signature(metrics.MetricFrame).parameters)
    for word in ("scaled", "dice", "hausdorff", "calibration", "kappa", "benefit", "power"):
        assert [name for name in public if word in name.lower()] == [], word
    for word in ("patient", "cluster", "adjust", "suppress", "unknown", "missing", "endpoint"):
        assert [name for name in options if word in name.lower()] == [], word
