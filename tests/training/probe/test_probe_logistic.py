"""The logistic probe against scikit-learn, and as a run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from small_run import write_small_data

from export.reference import predictor_of
from fairness.datasets.fairvlmed import FairVLMed
from fairness.errors import UsageError
from fairness.evaluate import evaluate
from training import checkpoint, settings
from training.checkpoint_record import HeadRecord
from training.probe.config import Config
from training.probe.logistic import fit_logistic
from training.probe.train import train


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    defaults = settings.read(Config, settings.CONFIGS / "probe.yaml", "tiny", "tiny")
    data = write_small_data(tmp_path_factory.mktemp("data"))
    return replace(defaults, data=data, head="logistic")


@pytest.mark.parametrize("c", [0.316, 10.0])
def test_the_logistic_probe_is_scikit_learn_s(c: float) -> None:
    rng = np.random.default_rng(4)
    features = rng.normal(2, 3, (200, 12)).astype(np.float32)
    labels = (features[:, 0] + 4 * rng.normal(size=200) > 2).astype(np.int64)
    theirs = LogisticRegression(C=c, max_iter=10_000, tol=1e-10)
    theirs.fit(features.astype(np.float64), labels)
    ours = fit_logistic(features, labels, c)
    np.testing.assert_allclose(ours.linear.weight.detach(), theirs.coef_, atol=1e-4)
    np.testing.assert_allclose(ours.linear.bias.detach(), theirs.intercept_, atol=1e-4)
    with torch.no_grad():
        scores = torch.sigmoid(ours(torch.from_numpy(features)))[:, 0].numpy()
    np.testing.assert_allclose(scores, theirs.predict_proba(features)[:, 1], atol=1e-4)


def test_a_logistic_probe_is_fitted_once_and_says_so(
    config: Config, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "training")
    stored = checkpoint.load(train(config, tmp_path))
    record = stored.record
    assert isinstance(record, HeadRecord)
    assert record.selected_on is not None
    assert (record.head, record.selected_on.rule) == ("logistic", "only")
    assert "nothing: the model was fitted once (auc" in record.selected_on.said()
    assert "kept epoch 1, the only: validation AUC" in caplog.text
    val = FairVLMed(config.data, "val")
    outcomes = evaluate(val, predictor_of(stored, val), ())
    with np.load(tmp_path / "features" / "train.npz") as arrays:
        fitted = LogisticRegression(C=0.316, max_iter=10_000).fit(
            arrays["values"].astype(np.float64), arrays["labels"]
        )
    with np.load(tmp_path / "features" / "val.npz") as arrays:
        expected = fitted.predict_proba(arrays["values"])[:, 1]
    np.testing.assert_allclose(outcomes.score, expected, atol=1e-3)


def test_a_logistic_probe_has_no_epoch_to_select(config: Config, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--select-on last: the logistic probe is fitted in one"):
        train(replace(config, select_on="last"), tmp_path)
